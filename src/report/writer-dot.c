// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Knows the language of Graphviz: a switch is a record whose fields are its
 * ports, a link is an edge as thick as it is fast, a path that the kernel
 * refuses is a dashed edge. Must not know how it comes about.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/macro.h"
#include "report/defuse.h"
#include "report/picture.h"
#include "report/writer.h"

/* Inches, also from one leaf to the next as links and their texts have it. */
#define LEAF_HEIGHT	0.50
#define LEAF_GAP	0.12
#define LEAF_PITCH	0.69

/* Names that come from devices end no string, field or line. */
static void print_text(FILE *file, const char *text)
{
	for (; *text; text++)
		if (strchr("\"\\{}|<>", *text))
			fprintf(file, "\\%c", *text);
		else
			fputc(defuse_char(*text), file);
}

static void print_line(FILE *file, const char *text)
{
	if (!text || !*text)
		return;
	fputs("\\n", file);
	print_text(file, text);
}

/* --- boxes and leaves --------------------------------------------------- */

static void print_port(FILE *file, const struct picture_node *port, size_t i)
{
	struct json_object *acs = json_object_object_get(port->facts, "acs");

	fprintf(file, "%s<p%zu> %s%s", i ? "|" : "", i, port->address,
		tree_is_true(acs, "redirects") ? "\\nACS redirects" : "");
}

static unsigned count_leaves(const struct picture_node *node)
{
	unsigned count = node->shape == PICTURE_LEAF;

	for (size_t i = 0; i < node->child_count; i++)
		count += count_leaves(&node->children[i]);
	return count;
}

/* A switch is as high as what hangs on it, so that links go straight. */
static void print_box(FILE *file, const struct picture_node *box)
{
	const char *kind = tree_get_text(box->facts, "kind");
	bool is_host = kind && !strcmp(kind, "host-bridge");
	size_t rows = is_host ? box->child_count : count_leaves(box);

	fprintf(file, "\t\"%s\" [shape=record, style=\"%sfilled\", "
		"fillcolor=\"%s\", height=%.2f, label=\"{%s\\n%s",
		box->address, is_host ? "rounded," : "",
		is_host ? "#f3f4f6" : "#dde5ee",
		LEAF_PITCH * ((double)MAX(rows, 1) - 1) + LEAF_HEIGHT,
		is_host ? "host bridge" : "switch", box->address);
	print_line(file, tree_get_text(box->facts, "name"));
	fputs("|{", file);
	for (size_t i = 0; i < box->child_count; i++)
		if (box->children[i].shape == PICTURE_PORT)
			print_port(file, &box->children[i], i);
		else
			fprintf(file, "%s<p%zu> ", i ? "|" : "", i);
	fputs("}}\"];\n", file);
}

static void print_leaf(FILE *file, const struct picture_node *leaf)
{
	struct json_object *memory =
		json_object_object_get(leaf->facts, "provider");
	bool is_drive = tree_get_text(leaf->facts, "controller");
	char size[32];

	fprintf(file, "\t\"%s\" [shape=%s, label=\"", leaf->address,
		memory ? "component, style=bold" :
		is_drive ? "cylinder" : "box");
	print_text(file, picture_get_device(leaf));
	fprintf(file, "%s%s", *picture_get_device(leaf) ? "\\n" : "",
		leaf->address);
	if (memory) {
		bytes_format(tree_get_count(memory, "size_bytes"), size,
			     sizeof(size));
		fprintf(file, "\\n%s of peer memory%s", size,
			tree_is_true(memory, "published") ?
				"" : ", not published");
	}
	fputs("\"];\n", file);
}

/* --- links -------------------------------------------------------------- */

static void print_link(FILE *file, const struct picture_node *lower)
{
	struct json_object *link = json_object_object_get(lower->facts, "link");
	double rate = (double)tree_get_count(link, "bytes_per_sec");
	char text[48];

	if (!link) {
		fputs(" [style=dotted]", file);
		return;
	}
	tree_format_link(link, text, sizeof(text));
	fprintf(file, " [weight=9, penwidth=%.1f, label=\"%s",
		MAX(1.0, sqrt(rate / 1e9)), text);
	if (tree_is_true(lower->facts, "link_degraded")) {
		tree_format_link(json_object_object_get(lower->facts,
							"link_max"), text,
				 sizeof(text));
		fprintf(file, ", can %s", text);
	}
	/* An empty line below lifts the text above the link. */
	fprintf(file, "\\n \"%s]",
		tree_is_true(lower->facts, "link_degraded") ?
			", style=dashed" : "");
}

static void print_edge(FILE *file, const struct picture_node *box, size_t port,
		       const struct picture_node *lower)
{
	fprintf(file, "\t\"%s\":p%zu:e -> \"%s\":w", box->address, port,
		lower->address);
	print_link(file, lower);
	fputs(";\n", file);
}

/* What hangs at each port of @box, or on it without a port. */
static void print_edges(FILE *file, const struct picture_node *box)
{
	for (size_t i = 0; i < box->child_count; i++) {
		const struct picture_node *child = &box->children[i];

		if (child->shape != PICTURE_PORT)
			print_edge(file, box, i, child);
		for (size_t j = 0; child->shape == PICTURE_PORT &&
				   j < child->child_count; j++)
			print_edge(file, box, i, &child->children[j]);
	}
}

static void print_nodes(FILE *file, const struct picture_node *above)
{
	for (size_t i = 0; i < above->child_count; i++) {
		const struct picture_node *node = &above->children[i];

		if (node->shape == PICTURE_BOX) {
			print_box(file, node);
			print_edges(file, node);
		} else if (node->shape == PICTURE_LEAF) {
			print_leaf(file, node);
		}
		print_nodes(file, node);
	}
}

/* --- refused paths ------------------------------------------------------ */

/* How many clients are below @node, and how many of them are refused. */
static void count_refused(const struct picture *picture, size_t provider,
			  const struct picture_node *node, size_t *clients,
			  size_t *refused)
{
	enum picture_mark mark = PICTURE_NONE;

	if (node->shape == PICTURE_LEAF)
		mark = picture_get_cell(picture, provider, node->leaf)->mark;
	*clients += mark != PICTURE_NONE;
	*refused += mark == PICTURE_REFUSED;
	for (size_t i = 0; i < node->child_count; i++)
		count_refused(picture, provider, &node->children[i], clients,
			      refused);
}

/* One edge for all below a box, so that many drives are few lines. */
static void print_refused(FILE *file, const struct picture *picture,
			  size_t provider, const struct picture_node *node)
{
	const char *from = picture->providers[provider]->address;
	size_t clients = 0, refused = 0;

	count_refused(picture, provider, node, &clients, &refused);
	if (!refused)
		return;
	if (refused == clients && node->shape != PICTURE_PORT &&
	    node != &picture->root) {
		fprintf(file, "\t\"%s\" -> \"%s\" [style=dashed, "
			"color=\"#b3261e\", fontcolor=\"#b3261e\", "
			"arrowhead=tee, constraint=false, "
			"label=\"refused\\n \"];\n", from, node->address);
		return;
	}
	for (size_t i = 0; i < node->child_count; i++)
		print_refused(file, picture, provider, &node->children[i]);
}

/* One below the other, in the order of the tree: by a root that is not seen. */
static void print_order(FILE *file, const struct picture_node *root)
{
	fputs("\t\"\" [style=invis, shape=point, width=0, height=0];\n",
	      file);
	for (size_t i = 0; i < root->child_count; i++)
		fprintf(file, "\t\"\" -> \"%s\":w [style=invis, weight=0];\n",
			root->children[i].address);
}

int writer_dot(const struct report *report, FILE *file)
{
	struct picture picture;

	if (!json_object_object_get(report->tree, "host_bridges"))
		return -EINVAL;
	picture_init(&picture, report->tree);
	fputs("digraph p2pdma {\n"
	      "\trankdir=LR;\n"
	      "\tbgcolor=white;\n"
	      "\tordering=out;\n"
	      "\tranksep=1.2;\n", file);
	fprintf(file, "\tnodesep=%.2f;\n"
		"\tnode [fontname=\"Helvetica\", fontsize=10, "
		"height=%.2f];\n"
		"\tedge [fontname=\"Helvetica\", fontsize=9, "
		"arrowhead=none];\n", LEAF_GAP, LEAF_HEIGHT);
	print_order(file, &picture.root);
	print_nodes(file, &picture.root);
	for (size_t i = 0; i < picture.provider_count; i++)
		print_refused(file, &picture, i, &picture.root);
	fputs("}\n", file);
	picture_fini(&picture);
	return 0;
}
