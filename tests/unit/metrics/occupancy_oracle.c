/* Answers launches read from standard input with NVIDIA's cuda_occupancy.h, which needs no GPU.
 *
 * in:  major minor threads_per_sm registers_per_sm shared_per_sm shared_optin reserve  threads registers static dynamic barriers
 * out: blocks by_warps by_blocks by_registers by_shared by_barriers
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <cuda_occupancy.h>

int main(void)
{
    struct cudaOccDeviceProp device;
    struct cudaOccFuncAttributes function;
    struct cudaOccDeviceState state;
    memset(&device, 0, sizeof device);
    memset(&function, 0, sizeof function);
    memset(&state, 0, sizeof state);
    state.carveoutConfig = SHAREDMEM_CARVEOUT_DEFAULT;
    function.maxThreadsPerBlock = INT_MAX;
    function.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
    device.maxThreadsPerBlock = 1024;
    device.regsPerBlock = 65536;
    device.warpSize = 32;
    device.numSms = 1;
    device.sharedMemPerBlock = 49152;
    int threads, barriers;
    size_t dynamic;
    while (scanf("%d %d %d %d %zu %zu %zu %d %d %zu %zu %d", &device.computeMajor, &device.computeMinor,
               &device.maxThreadsPerMultiprocessor, &device.regsPerMultiprocessor, &device.sharedMemPerMultiprocessor,
               &device.sharedMemPerBlockOptin, &device.reservedSharedMemPerBlock, &threads, &function.numRegs,
               &function.sharedSizeBytes, &dynamic, &barriers)
        == 12)
    {
        function.maxDynamicSharedSizeBytes = dynamic;
        function.numBlockBarriers = barriers;
        struct cudaOccResult result;
        cudaOccError const status
            = cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &function, &state, threads, dynamic);
        if (status != CUDA_OCC_SUCCESS)
        {
            return (int) status;
        }
        printf("%d %d %d %d %d %d\n", result.activeBlocksPerMultiprocessor, result.blockLimitWarps,
            result.blockLimitBlocks, result.blockLimitRegs, result.blockLimitSharedMem, result.blockLimitBarriers);
    }
    return 0;
}
