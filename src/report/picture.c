// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

static const char *const mark_names[] = {
	[PICTURE_NONE] = "",
	[PICTURE_DIRECT] = "direct",
	[PICTURE_VIA_HOST] = "via-host",
	[PICTURE_REFUSED] = "refused",
	[PICTURE_UNKNOWN] = "unknown",
};

const char *picture_get_mark_name(enum picture_mark mark)
{
	return mark_names[mark];
}

const char *picture_get_device(const struct picture_node *node)
{
	const char *text = tree_get_text(node->facts, "controller");

	if (!text)
		text = tree_get_text(node->facts, "driver");
	return text ? text : "";
}

/* --- the nodes ---------------------------------------------------------- */

static bool is_kind(struct json_object *facts, const char *kind)
{
	const char *text = tree_get_text(facts, "kind");

	return text && !strcmp(text, kind);
}

/* A port needs a box to be on: in odd trees it is a box itself. */
static enum picture_shape get_shape(const struct picture_node *node,
				    size_t child_count)
{
	if (is_kind(node->facts, "host-bridge") ||
	    is_kind(node->facts, "upstream-port"))
		return PICTURE_BOX;
	if ((is_kind(node->facts, "root-port") ||
	     is_kind(node->facts, "downstream-port")) &&
	    node->above->shape == PICTURE_BOX)
		return PICTURE_PORT;
	return child_count ? PICTURE_BOX : PICTURE_LEAF;
}

static void add_leaf(struct picture *picture, struct picture_node *node)
{
	size_t count = picture->leaf_count;

	picture->leaves = tree_must(reallocarray(picture->leaves, count + 1,
						 sizeof(*picture->leaves)));
	node->leaf = picture->leaf_count++;
	picture->leaves[node->leaf] = node;
	if (!json_object_object_get(node->facts, "provider"))
		return;
	count = picture->provider_count++;
	picture->providers =
		tree_must(reallocarray(picture->providers, count + 1,
				       sizeof(*picture->providers)));
	picture->providers[count] = node;
}

static void add_children(struct picture *picture, struct picture_node *node,
			 struct json_object *rows)
{
	size_t count = json_object_array_length(rows);

	node->children = tree_must(calloc(count + 1, sizeof(*node)));
	node->child_count = count;
	for (size_t i = 0; i < count; i++) {
		struct picture_node *child = &node->children[i];
		struct json_object *below;

		child->facts = json_object_array_get_idx(rows, i);
		below = json_object_object_get(child->facts, "children");
		child->address = tree_get_text(child->facts, "address");
		if (!child->address)
			child->address = "?";
		child->above = node;
		child->shape = get_shape(child,
					 json_object_array_length(below));
		child->depth = node->depth + (node->shape == PICTURE_BOX &&
					      node != &picture->root);
		picture->depth = MAX(picture->depth,
				     child->depth +
					     (child->shape == PICTURE_BOX));
		if (child->shape == PICTURE_LEAF)
			add_leaf(picture, child);
		add_children(picture, child, below);
	}
}

static void free_children(struct picture_node *node)
{
	for (size_t i = 0; i < node->child_count; i++)
		free_children(&node->children[i]);
	free(node->children);
}

/* --- the pairs ---------------------------------------------------------- */

static size_t find(struct picture_node *const *nodes, size_t count,
		   const char *address)
{
	for (size_t i = 0; address && i < count; i++)
		if (!strcmp(nodes[i]->address, address))
			return i;
	return count;
}

static enum picture_mark parse_mark(const char *reach)
{
	for (size_t i = PICTURE_DIRECT; reach && i < PICTURE_UNKNOWN; i++)
		if (!strcmp(mark_names[i], reach))
			return (enum picture_mark)i;
	return PICTURE_UNKNOWN;
}

static void add_pair(struct picture *picture, struct json_object *pair)
{
	size_t provider, leaf;
	struct picture_cell *cell;

	provider = find(picture->providers, picture->provider_count,
			tree_get_text(pair, "provider"));
	leaf = find(picture->leaves, picture->leaf_count,
		    tree_get_text(pair, "client"));
	if (provider == picture->provider_count ||
	    leaf == picture->leaf_count)
		return;
	cell = &picture->cells[provider * picture->leaf_count + leaf];
	cell->mark = parse_mark(tree_get_text(pair, "reach"));
	cell->has_warning =
		(cell->mark == PICTURE_DIRECT ||
		 cell->mark == PICTURE_VIA_HOST) &&
		json_object_array_length(
			json_object_object_get(pair, "reasons"));
	picture->mark_counts[cell->mark]++;
}

void picture_init(struct picture *picture, struct json_object *tree)
{
	struct json_object *pairs = json_object_object_get(tree, "pairs");

	*picture = (struct picture){ .root = { .shape = PICTURE_BOX } };
	add_children(picture, &picture->root,
		     json_object_object_get(tree, "host_bridges"));
	picture->cells = tree_must(calloc(picture->provider_count *
					  picture->leaf_count + 1,
					  sizeof(*picture->cells)));
	for (size_t i = 0; i < tree_count_rows(pairs); i++) {
		struct json_object *pair = tree_take_row(pairs, i);

		if (pair)
			add_pair(picture, pair);
		json_object_put(pair);
	}
}

void picture_fini(struct picture *picture)
{
	free_children(&picture->root);
	free(picture->leaves);
	free(picture->providers);
	free(picture->cells);
	*picture = (struct picture){ 0 };
}

const struct picture_cell *picture_get_cell(const struct picture *picture,
					    size_t provider, size_t leaf)
{
	return &picture->cells[provider * picture->leaf_count + leaf];
}
