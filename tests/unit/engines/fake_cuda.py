"""A CUDA device in a few lines, for the logic around it: memory, streams that queue, events on a virtual clock, held streams.

Work runs when a stream is synchronised, in order. A stream that waits for a value nobody writes would wait for ever on a
real device: here synchronising it fails. Freed or foreign addresses fail as well.
"""

import ctypes
import enum
from types import SimpleNamespace


class Error(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorNoDevice = 100
    cudaErrorIllegalAddress = 700


class Stream(int):
    pass


class Event:
    def __init__(self):
        self.time_ns = None


class FakeCuda:
    """What `profiler.engines.cuda_runtime.load_bindings` returns, as its two modules."""

    def __init__(self, l2_bytes=1 << 20, memory_bytes=8 << 30, devices=1, supports_wait=True):
        self.blocks, self.streams, self.clock_ns = {}, {}, 1_000_000
        self.l2_bytes, self.memory_bytes, self.devices, self.supports_wait = l2_bytes, memory_bytes, devices, supports_wait
        self.calls, self.fail_next, self.capturing = [], {}, None
        self.held_batches = self.profiler_depth = self.events = 0
        self.runtime = self._runtime()
        self.driver = self._driver()

    def _block(self, size):
        buffer = (ctypes.c_char * max(size, 1))()
        address = ctypes.addressof(buffer)
        self.blocks[address] = (buffer, size)
        return address

    def check(self, address, size):
        assert any(start <= address and address + size <= start + length for start, (_, length) in self.blocks.items()), (
            "illegal address"
        )

    def work(self, stream, action, cost_ns):
        """Queue work on a stream: what an engine's kernel launch does."""
        self._push(stream, ("work", action, cost_ns))

    def _push(self, stream, item):
        if self.capturing is not None:
            self.capturing.append(item)
        else:
            self.streams[int(stream)].append(item)

    def drain(self, stream):
        queue = self.streams[int(stream)]
        while queue:
            kind, *rest = queue.pop(0)
            if kind == "work":
                rest[0]()
                self.clock_ns += rest[1]
            elif kind == "event":
                rest[0].time_ns = self.clock_ns
            elif kind == "wait":
                assert rest[0].value >= rest[1], "the stream waits for ever"
                self.held_batches += 1

    def _answer(self, name, *values):
        self.calls.append(name)
        error = self.fail_next.pop(name, Error.cudaSuccess)
        return (error, *(values or ())) if error == 0 else (error, *(None for _ in values))

    def _runtime(self):
        kinds = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2, cudaMemcpyDeviceToDevice=3)

        def copy(target, source, size, kind):
            ctypes.memmove(target, source, size)
            if kind in (1, 3):
                self.check(target, size)
            if kind in (2, 3):
                self.check(source, size)
            return self._answer("cudaMemcpy")

        def fill(address, byte, size):
            self.check(address, size)
            ctypes.memset(address, byte, size)
            return self._answer("cudaMemset")

        def copy_later(target, source, size, kind, stream):
            self._push(stream, ("work", lambda: copy(target, source, size, kind), 0))
            return self._answer("cudaMemcpyAsync")

        def query(stream):
            self.drain(stream)
            return self._answer("cudaStreamQuery")

        def create_event():
            if "cudaEventCreate" not in self.fail_next:
                self.events += 1
            return self._answer("cudaEventCreate", Event())

        def destroy_event(event):
            self.events -= 1
            return self._answer("cudaEventDestroy")

        def free(address):
            if address:
                del self.blocks[address]
            return self._answer("cudaFree")

        def create_stream(flags):
            stream = Stream(len(self.streams) + 1)
            if "cudaStreamCreateWithFlags" not in self.fail_next:
                self.streams[int(stream)] = []
            return self._answer("cudaStreamCreateWithFlags", stream)

        def destroy_stream(stream):
            assert not self.streams.pop(int(stream)), "work was left on a stream"
            return self._answer("cudaStreamDestroy")

        def synchronize(stream):
            self.drain(stream)
            return self._answer("cudaStreamSynchronize")

        def synchronize_device():
            for stream in self.streams:
                self.drain(stream)
            return self._answer("cudaDeviceSynchronize")

        def record(event, stream):
            self._push(stream, ("event", event))
            return self._answer("cudaEventRecord")

        def elapsed(start, end):
            return self._answer("cudaEventElapsedTime", (end.time_ns - start.time_ns) / 1e6)

        def begin_capture(stream, mode):
            self.capturing = []
            return self._answer("cudaStreamBeginCapture")

        def end_capture(stream):
            graph, self.capturing = self.capturing, None
            return self._answer("cudaStreamEndCapture", graph)

        def launch_graph(graph, stream):
            for item in graph:
                self._push(stream, item)
            return self._answer("cudaGraphLaunch")

        def properties(device):
            found = SimpleNamespace(
                name=b"Fake GPU",
                major=9,
                minor=0,
                multiProcessorCount=132,
                l2CacheSize=self.l2_bytes,
                totalGlobalMem=self.memory_bytes,
                maxThreadsPerMultiProcessor=2048,
                regsPerMultiprocessor=65536,
                sharedMemPerMultiprocessor=233472,
                uuid=SimpleNamespace(bytes=bytes(range(16))),
            )
            return self._answer("cudaGetDeviceProperties", found)

        def profiler(step):
            def call():
                self.profiler_depth += step
                return self._answer("cudaProfilerStart" if step > 0 else "cudaProfilerStop")

            return call

        names = ("ClockRate", "MemoryClockRate", "GlobalMemoryBusWidth", "MaxBlocksPerMultiprocessor")
        values = {
            "ClockRate": 1_980_000,
            "MemoryClockRate": 3_201_000,
            "GlobalMemoryBusWidth": 6016,
            "MaxBlocksPerMultiprocessor": 32,
        }
        return SimpleNamespace(
            cudaError_t=Error,
            cudaMemcpyKind=kinds,
            cudaStreamNonBlocking=1,
            cudaHostAllocMapped=2,
            cudaStreamCaptureMode=SimpleNamespace(cudaStreamCaptureModeThreadLocal=1),
            cudaDeviceAttr=SimpleNamespace(**{f"cudaDevAttr{name}": name for name in names}),
            cudaGetDeviceCount=lambda: (Error.cudaSuccess, self.devices) if self.devices else (Error.cudaErrorNoDevice, None),
            cudaSetDevice=lambda device: self._answer("cudaSetDevice"),
            cudaGetErrorString=lambda error: (Error.cudaSuccess, b"in words"),
            cudaMalloc=lambda size: self._answer("cudaMalloc", self._block(size)),
            cudaFree=free,
            cudaMemcpy=copy,
            cudaMemcpyAsync=copy_later,
            cudaMemset=fill,
            cudaMemGetInfo=lambda: self._answer("cudaMemGetInfo", self.memory_bytes, self.memory_bytes),
            cudaHostAlloc=lambda size, flags: self._answer("cudaHostAlloc", self._block(size)),
            cudaHostGetDevicePointer=lambda address, flags: self._answer("cudaHostGetDevicePointer", address),
            cudaFreeHost=lambda address: free(address),
            cudaStreamCreateWithFlags=create_stream,
            cudaStreamDestroy=destroy_stream,
            cudaStreamSynchronize=synchronize,
            cudaStreamQuery=query,
            cudaDeviceSynchronize=synchronize_device,
            cudaEventCreate=create_event,
            cudaEventDestroy=destroy_event,
            cudaEventRecord=record,
            cudaEventElapsedTime=elapsed,
            cudaStreamBeginCapture=begin_capture,
            cudaStreamEndCapture=end_capture,
            cudaGraphInstantiate=lambda graph, flags: self._answer("cudaGraphInstantiate", graph),
            cudaGraphDestroy=lambda graph: self._answer("cudaGraphDestroy"),
            cudaGraphExecDestroy=lambda graph: self._answer("cudaGraphExecDestroy"),
            cudaGraphLaunch=launch_graph,
            cudaProfilerStart=profiler(1),
            cudaProfilerStop=profiler(-1),
            cudaGetDeviceProperties=properties,
            cudaDeviceGetAttribute=lambda key, device: (Error.cudaSuccess, values[key]),
            cudaDriverGetVersion=lambda: self._answer("cudaDriverGetVersion", 13000),
            cudaRuntimeGetVersion=lambda: self._answer("cudaRuntimeGetVersion", 12060),
        )

    def _driver(self):
        def wait(stream, address, value, flags):
            if not self.supports_wait:
                return (801,)
            self._push(stream, ("wait", ctypes.c_uint32.from_address(int(address)), value))
            return (0,)

        return SimpleNamespace(
            CUstream=int,
            CUdeviceptr=int,
            cuStreamWaitValue32=wait,
            CUstreamWaitValue_flags=SimpleNamespace(CU_STREAM_WAIT_VALUE_GEQ=0),
        )
