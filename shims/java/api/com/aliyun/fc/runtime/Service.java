package com.aliyun.fc.runtime;

/** The service that the function belongs to. */
public interface Service {
    String getName();

    String getLogProject();

    String getLogStore();

    /** As the caller named the version: LATEST, a version's number, an alias. */
    String getQualifier();

    String getVersionId();
}
