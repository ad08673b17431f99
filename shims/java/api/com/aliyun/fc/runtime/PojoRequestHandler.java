package com.aliyun.fc.runtime;

/** A function from a value to a value; both travel as JSON. */
public interface PojoRequestHandler<I, O> {
    O handleRequest(I input, Context context);
}
