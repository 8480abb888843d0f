// SPDX-License-Identifier: LGPL-2.1-or-later
#include "lib/context.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void p2pdma_context_set_log(struct p2pdma_context *context, p2pdma_log_fn log,
			    void *data)
{
	context->log = log;
	context->log_data = data;
}

bool p2pdma_context_is_live(const struct p2pdma_context *context)
{
	return context->is_live;
}

void context_log(const struct p2pdma_context *context, int priority,
		 const char *format, ...)
{
	char line[512];
	va_list args;

	if (!context->log)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	context->log(context->log_data, priority, line);
}

void context_begin(const struct p2pdma_context *context)
{
	*context->lacks_memory = false;
}

int context_end(const struct p2pdma_context *context,
		const struct arena *arena, int rc)
{
	return *context->lacks_memory || (arena && arena->lacks_memory) ?
		       -ENOMEM : rc;
}

int context_lack(const struct p2pdma_context *context)
{
	*context->lacks_memory = true;
	return -ENOMEM;
}

char *context_strdup(const struct p2pdma_context *context, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		context_lack(context);
	return copy;
}
