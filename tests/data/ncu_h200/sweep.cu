#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>
#include <cuda_profiler_api.h>
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>
#define CK(x) do{cudaError_t e=(x); if(e){fprintf(stderr,"%s: %s\n",#x,cudaGetErrorString(e)); exit(1);} }while(0)
template<typename T> __global__ void swish_scalar_kernel(T const* x, T* y, size_t n){ size_t i=blockIdx.x*(size_t)blockDim.x+threadIdx.x; if(i<n){float v=x[i]; y[i]=v/(1.f+__expf(-v));} }
__global__ void swish_vectorized_kernel(float4 const* x, float4* y, size_t n4){ size_t i=blockIdx.x*(size_t)blockDim.x+threadIdx.x; size_t s=gridDim.x*(size_t)blockDim.x; for(;i<n4;i+=s){float4 v=x[i]; v.x/=1.f+__expf(-v.x); v.y/=1.f+__expf(-v.y); v.z/=1.f+__expf(-v.z); v.w/=1.f+__expf(-v.w); y[i]=v;} }
__global__ void row_sum_kernel(float const* x, float* y, int cols){ __shared__ float s[33][32]; float a=0; for(int c=threadIdx.x;c<cols;c+=blockDim.x) a+=x[blockIdx.x*(size_t)cols+c]; s[threadIdx.x%32][threadIdx.x/32]=a; __syncthreads(); if(threadIdx.x==0){float t=0; for(int i=0;i<(int)blockDim.x;++i) t+=s[i%32][i/32]; y[blockIdx.x]=t;} }
static nvtxDomainHandle_t dom; 
static void push(const char* m, uint64_t bytes=0, bool pay=false){ nvtxEventAttributes_t a{}; a.version=NVTX_VERSION; a.size=NVTX_EVENT_ATTRIB_STRUCT_SIZE; a.messageType=NVTX_MESSAGE_TYPE_REGISTERED; a.message.registered=nvtxDomainRegisterStringA(dom,m); if(pay){a.payloadType=NVTX_PAYLOAD_TYPE_UNSIGNED_INT64; a.payload.ullValue=bytes;} nvtxDomainRangePushEx(dom,&a);} 
static void pop(){nvtxDomainRangePop(dom);} 
int main(int argc,char**argv){ size_t rows=argc>1?atol(argv[1]):65536, cols=1024, n=rows*cols; int iters=argc>2?atoi(argv[2]):20; dom=nvtxDomainCreateA("profiler");
 push("setup"); float*x,*y,*z; CK(cudaMalloc(&x,n*4)); CK(cudaMalloc(&y,n*4)); CK(cudaMalloc(&z,n*4)); std::vector<float> h(n); for(size_t i=0;i<n;++i) h[i]=(float)((i*2654435761u)%2000)/100.f-10.f; CK(cudaMemcpy(x,h.data(),n*4,cudaMemcpyHostToDevice)); float*p; CK(cudaMallocHost(&p,n)); cudaStream_t a,b; CK(cudaStreamCreateWithFlags(&a,cudaStreamNonBlocking)); CK(cudaStreamCreateWithPriority(&b,cudaStreamNonBlocking,-5)); CK(cudaMemsetAsync(y,0xff,n*4,a)); CK(cudaDeviceSynchronize()); pop();
 int blocks[]={64,128,256,512,1024};
 CK(cudaProfilerStart());
 for(int v=0;v<2;++v) for(int bs:blocks){ std::string m=std::string("point op=swish variant=")+(v?"vectorized":"scalar")+" shape="+std::to_string(rows)+"x1024 dtype=fp32 block="+std::to_string(bs); push(m.c_str());
  auto go=[&](cudaStream_t s){ if(v) swish_vectorized_kernel<<<132*(2048/bs),bs,0,s>>>((float4*)x,(float4*)y,n/4); else swish_scalar_kernel<float><<<(n+bs-1)/bs,bs,0,s>>>(x,y,n); };
  push("warmup"); for(int i=0;i<3;++i) go(a); CK(cudaStreamSynchronize(a)); pop();
  for(int i=0;i<iters;++i){ push("iteration",2*n*4,true); go(a); pop(); } CK(cudaStreamSynchronize(a)); pop(); }
 nvtxRangePushA("two streams"); for(int i=0;i<10;++i){ swish_scalar_kernel<float><<<1000,256,0,a>>>(x,y,256000); swish_scalar_kernel<float><<<1000,256,0,b>>>(x,z,256000); CK(cudaMemcpyAsync(p,x,1<<20,cudaMemcpyDeviceToHost,b)); CK(cudaMemcpyAsync(z,p,1<<20,cudaMemcpyHostToDevice,a)); CK(cudaMemcpyAsync(z,x,1<<20,cudaMemcpyDeviceToDevice,a)); } CK(cudaDeviceSynchronize()); nvtxRangePop();
 nvtxRangeId_t id=nvtxRangeStartA("start-end <\"odd\"> </script>"); for(int i=0;i<5;++i) row_sum_kernel<<<rows,256,0,b>>>(x,z,1024); CK(cudaStreamSynchronize(b)); nvtxRangeEnd(id);
 nvtxMarkA("a mark"); cudaGraph_t g; cudaGraphExec_t ge; CK(cudaStreamBeginCapture(a,cudaStreamCaptureModeThreadLocal)); for(int i=0;i<4;++i) swish_scalar_kernel<float><<<1000,256,0,a>>>(x,y,256000); CK(cudaStreamEndCapture(a,&g)); CK(cudaGraphInstantiate(&ge,g,0)); nvtxRangePushA("graph"); for(int i=0;i<5;++i) CK(cudaGraphLaunch(ge,a)); CK(cudaStreamSynchronize(a)); nvtxRangePop();
 CK(cudaMemcpy(h.data(),y,n*4,cudaMemcpyDeviceToHost)); CK(cudaProfilerStop()); CK(cudaDeviceSynchronize()); printf("done %f\n",h[5]); }
