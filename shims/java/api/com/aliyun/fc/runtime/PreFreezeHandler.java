package com.aliyun.fc.runtime;

import java.io.IOException;

/** Runs each time before the instance is stopped. */
public interface PreFreezeHandler {
    void preFreeze(Context context) throws IOException;
}
