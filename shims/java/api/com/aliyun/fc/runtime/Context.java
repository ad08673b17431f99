package com.aliyun.fc.runtime;

/** What a function may ask about the call that runs. */
public interface Context {
    /** The id that the caller got, too; the same for every retry of one request. */
    String getRequestId();

    Credentials getExecutionCredentials();

    FunctionParam getFunctionParam();

    FunctionComputeLogger getLogger();

    Service getService();

    OpenTracing getTracing();

    /** How often this request was tried before; 0 the first time. */
    int getRetryCount();
}
