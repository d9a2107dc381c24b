// Stands in for TensorRT 8.6.1 where only its version is asked for.
extern "C" int getInferLibVersion() { return 8601; }
