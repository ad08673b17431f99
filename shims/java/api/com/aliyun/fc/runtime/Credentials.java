package com.aliyun.fc.runtime;

/** Short-lived keys of the role that the service names; empty without one. */
public interface Credentials {
    String getAccessKeyId();

    String getAccessKeySecret();

    String getSecurityToken();
}
