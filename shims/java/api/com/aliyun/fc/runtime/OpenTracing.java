package com.aliyun.fc.runtime;

import java.util.Map;

/** Where spans of this call belong, when the call is traced. */
public interface OpenTracing {
    String getSpanContext();

    Map<String, String> getSpanBaggages();

    String getJaegerEndpoint();
}
