/* Prints those of the metric names on standard input that a chip does not know. Argument: the chip. */
#include <nvperf_cuda_host.h>
#include <nvperf_host.h>
#include <stdio.h>
#include <stdlib.h>

static NVPW_MetricsEvaluator* openEvaluator(char const* chip)
{
    NVPW_CUDA_MetricsEvaluator_CalculateScratchBufferSize_Params size = {
        NVPW_CUDA_MetricsEvaluator_CalculateScratchBufferSize_Params_STRUCT_SIZE};
    size.pChipName = chip;
    if (NVPW_CUDA_MetricsEvaluator_CalculateScratchBufferSize(&size) != NVPA_STATUS_SUCCESS)
    {
        return NULL;
    }
    NVPW_CUDA_MetricsEvaluator_Initialize_Params open = {NVPW_CUDA_MetricsEvaluator_Initialize_Params_STRUCT_SIZE};
    open.scratchBufferSize = size.scratchBufferSize;
    open.pScratchBuffer = malloc(size.scratchBufferSize);
    open.pChipName = chip;
    return NVPW_CUDA_MetricsEvaluator_Initialize(&open) == NVPA_STATUS_SUCCESS ? open.pMetricsEvaluator : NULL;
}

int main(int argc, char** argv)
{
    NVPW_InitializeHost_Params host = {NVPW_InitializeHost_Params_STRUCT_SIZE};
    if (argc != 2 || NVPW_InitializeHost(&host) != NVPA_STATUS_SUCCESS)
    {
        return 2;
    }
    NVPW_MetricsEvaluator* evaluator = openEvaluator(argv[1]);
    if (evaluator == NULL)
    {
        return 3;
    }
    char name[256];
    while (scanf("%255s", name) == 1)
    {
        NVPW_MetricEvalRequest request;
        NVPW_MetricsEvaluator_ConvertMetricNameToMetricEvalRequest_Params convert = {
            NVPW_MetricsEvaluator_ConvertMetricNameToMetricEvalRequest_Params_STRUCT_SIZE};
        convert.pMetricsEvaluator = evaluator;
        convert.pMetricName = name;
        convert.pMetricEvalRequest = &request;
        convert.metricEvalRequestStructSize = NVPW_MetricEvalRequest_STRUCT_SIZE;
        if (NVPW_MetricsEvaluator_ConvertMetricNameToMetricEvalRequest(&convert) != NVPA_STATUS_SUCCESS)
        {
            puts(name);
        }
    }
    return 0;
}
