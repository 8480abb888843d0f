// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/provider.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/macro.h"

static const struct provider_ops *const providers[] = {
	&provider_host_ops,
	&provider_p2pmem_ops,
	&provider_bar_ops,
};

int provider_refuse(struct p2pdma_reason *why, int rc, const char *id,
		    const char *format, ...)
{
	va_list args;

	if (!why)
		return rc;
	why->id = id;
	why->at = NULL;
	va_start(args, format);
	vsnprintf(why->advice, sizeof(why->advice), format, args);
	va_end(args);
	return rc;
}

int provider_map_fd(struct p2pdma_provider *provider, size_t bytes,
		    void **address)
{
	void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			   provider->fd, 0);

	if (start == MAP_FAILED)
		return -errno;
	*address = start;
	return 0;
}

static const struct provider_ops *find_ops(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++)
		if (providers[i]->matches(name))
			return providers[i];
	return NULL;
}

int p2pdma_provider_open(struct p2pdma_context *context, const char *name,
			 struct p2pdma_reason *why,
			 struct p2pdma_provider **provider)
{
	const struct provider_ops *ops = find_ops(name);
	struct p2pdma_provider *p;
	int rc;

	if (!ops)
		return provider_refuse(why, -ENXIO, "no-p2pmem",
				       "\"%s\" is not a PCI function, an "
				       "allocate file or \"host\"", name);
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->ops = ops;
	p->context = context;
	p->fd = -1;
	rc = ops->open(p, name, why);
	if (rc) {
		p2pdma_provider_close(p);
		return rc;
	}
	*provider = p;
	return 0;
}

void p2pdma_provider_close(struct p2pdma_provider *provider)
{
	if (!provider)
		return;
	cleanup_fd(&provider->fd);
	free(provider->name);
	free(provider);
}

const char *p2pdma_provider_get_name(const struct p2pdma_provider *provider)
{
	return provider->name;
}

bool p2pdma_provider_is_peer(const struct p2pdma_provider *provider)
{
	return provider->ops->is_peer;
}
