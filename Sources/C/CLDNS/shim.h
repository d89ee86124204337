// ldns of the system.
#pragma once
#include <ldns/ldns.h>
