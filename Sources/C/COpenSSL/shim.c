// Has the build look at the header: an edit of it rebuilds what imports the module.
#include "shim.h"
