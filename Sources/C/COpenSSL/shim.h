// OpenSSL 3 of the system.
#pragma once
#include <openssl/ssl.h>
#include <openssl/err.h>
