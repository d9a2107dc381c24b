/// @file
/// The version whose plugin interface NvInferRuntime.h beside this file declares.
#pragma once

#define NV_TENSORRT_MAJOR 11
#define NV_TENSORRT_MINOR 0
#define NV_TENSORRT_PATCH 0
