// ldns of the system, and the index of an interface for link-local name servers.
#pragma once
// Before ldns, which would otherwise define `bool` as `signed char`: not what the library returns.
#include <stdbool.h>
#include <ldns/ldns.h>
#include <net/if.h>
