package com.aliyun.fc.runtime;

/** Lines of the function's log that carry time, request id and level. */
public interface FunctionComputeLogger {
    void trace(String string);

    void debug(String string);

    void info(String string);

    void warn(String string);

    void error(String string);

    enum Level { TRACE, DEBUG, INFO, WARN, ERROR, FATAL }
}
