/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
#include <flipnuma/types.h>

static const char *const phrases[FNUMA_REASONS] = {
	[-FNUMA_OK] = "success",
	[-FNUMA_E_INVAL] = "invalid argument",
	[-FNUMA_E_ABI] = "unknown size or version of a table",
	[-FNUMA_E_NOSPC] = "memory or capacity too small",
	[-FNUMA_E_RANGE] = "no such frame, node or index",
	[-FNUMA_E_STATE] = "page not in a state that allows this",
	[-FNUMA_E_DUPLICATE] = "page twice in one batch",
	[-FNUMA_E_STALE] = "handle of an earlier domain",
	[-FNUMA_E_OVERFLOW] = "more pages than can exist",
	[-FNUMA_E_EMPTY] = "every page of the pool is out",
	[-FNUMA_E_STRANDED] = "free pages are in other caches or held",
	[-FNUMA_E_REMOTE] = "free pages are away from home",
	[-FNUMA_E_BUSY] = "page busy",
	[-FNUMA_E_NOMEM] = "no memory on the node",
	[-FNUMA_E_PINNED] = "page pinned",
	[-FNUMA_E_DENIED] = "permission denied",
	[-FNUMA_E_GONE] = "domain or page gone",
	[-FNUMA_E_NOTSUP] = "not supported by the backend",
	[-FNUMA_E_BACKEND] = "backend broke its contract",
	[-FNUMA_E_LOST_TRACK] = "outcome unknown after a probe",
	[-FNUMA_E_BUDGET] = "budget spent",
	[-FNUMA_E_COOLDOWN] = "moved too recently",
	[-FNUMA_E_BACKOFF] = "failed too recently",
	[-FNUMA_E_GAVE_UP] = "failed too often",
	[-FNUMA_E_PAUSED] = "paused",
	[-FNUMA_E_DRY_RUN] = "dry run",
	[-FNUMA_E_LIE] = "reported done but was not",
	[-FNUMA_E_IN_USE] = "still in use",
	[-FNUMA_E_NOT_TRIED] = "not tried",
};

const char *fnuma_strerror(int code)
{
	if (code > 0 || code <= FNUMA_E_LAST)
		return "unknown error";
	return phrases[-code];
}

uint32_t fnuma_version(void)
{
	return FNUMA_VERSION_MAJOR << 16 | FNUMA_VERSION_MINOR << 8 | FNUMA_VERSION_PATCH;
}
