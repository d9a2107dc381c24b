/* Every kind of NVTX event that the reader must name and place, on a machine without a GPU. */
#include <nvtx3/nvToolsExt.h>
#include <pthread.h>
#include <unistd.h>

static nvtxDomainHandle_t domain;

static nvtxEventAttributes_t plain(char const* text) {
    nvtxEventAttributes_t a = {0};
    a.version = NVTX_VERSION;
    a.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
    a.messageType = NVTX_MESSAGE_TYPE_ASCII;
    a.message.ascii = text;
    return a;
}

static nvtxEventAttributes_t registered(char const* text) {
    nvtxEventAttributes_t a = plain(text);
    a.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
    a.message.registered = nvtxDomainRegisterStringA(domain, text);
    return a;
}

static void* closer(void* id) {
    nvtxRangeEnd(*(nvtxRangeId_t*)id);
    return NULL;
}

int main(void) {
    domain = nvtxDomainCreateA("profiler");
    nvtxNameCategoryA(3, "loading");
    nvtxEventAttributes_t point = registered("point op=a%20b block=64");
    nvtxDomainRangePushEx(domain, &point);
    for (int i = 0; i < 3; ++i) {
        nvtxEventAttributes_t it = registered("iteration");
        it.payloadType = NVTX_PAYLOAD_TYPE_UNSIGNED_INT64;
        it.payload.ullValue = 4096;
        nvtxDomainRangePushEx(domain, &it);
        usleep(1000);
        nvtxDomainRangePop(domain);
    }
    nvtxDomainRangePop(domain);

    nvtxEventAttributes_t a = plain("int64 payload");
    a.payloadType = NVTX_PAYLOAD_TYPE_INT64, a.payload.llValue = -5, a.category = 3;
    nvtxRangePushEx(&a);
    a = plain("double payload");
    a.payloadType = NVTX_PAYLOAD_TYPE_DOUBLE, a.payload.dValue = 2.5, a.category = 0;
    nvtxRangePushEx(&a);
    a = plain("huge uint64 payload");
    a.payloadType = NVTX_PAYLOAD_TYPE_UNSIGNED_INT64, a.payload.ullValue = 0xFFFFFFFFFFFFFFF0ull;
    nvtxRangePushEx(&a);
    nvtxRangePop();
    nvtxRangePop();
    nvtxRangePop();
    nvtxMarkA("a mark");
    nvtxRangePushA("a <\"name\"> & </script>");
    nvtxRangePop();

    nvtxRangeId_t same = nvtxRangeStartA("closed here");
    nvtxRangeEnd(same);
    nvtxRangeId_t other = nvtxRangeStartA("closed elsewhere");
    pthread_t thread;
    pthread_create(&thread, NULL, closer, &other);
    pthread_join(thread, NULL);
    nvtxRangePushA("never closed");
    usleep(1000);
    return 0;
}
