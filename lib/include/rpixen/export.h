/* What the shared library exports; everything else in it is hidden. For C and C++. */
#ifndef RPIXEN_EXPORT_H
#define RPIXEN_EXPORT_H

#define RPIXEN_API __attribute__((visibility("default")))

#endif
