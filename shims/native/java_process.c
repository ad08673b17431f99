/* What the JVM cannot do by itself for hotcell.shim.Native: the working directory and the environment of the whole process, a
 * mapping of a descriptor that it has been given. */
#define _GNU_SOURCE
#include <jni.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/protocol/forker.h"

JNIEXPORT jobject JNICALL Java_hotcell_shim_Native_map(JNIEnv* jni, jclass self, jint size) {
    (void)self;
    void* const memory = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, HC_MEMORY_FD, 0);
    close(HC_MEMORY_FD);
    return memory == MAP_FAILED ? NULL : (*jni)->NewDirectByteBuffer(jni, memory, size);
}

JNIEXPORT jstring JNICALL Java_hotcell_shim_Native_enter(JNIEnv* jni, jclass self, jstring directory,
                                                         jobjectArray environment) {
    (void)self;
    const char* path = (*jni)->GetStringUTFChars(jni, directory, NULL);
    if (path == NULL) return NULL; /* the exception is pending */
    const int failed = chdir(path);
    (*jni)->ReleaseStringUTFChars(jni, directory, path);
    if (failed != 0) return (*jni)->NewStringUTF(jni, "the code directory cannot be entered");
    static char* none[] = {NULL}; /* clearenv would leave NULL, which the JDK takes for a list */
    environ = none;
    for (jsize i = 0; i < (*jni)->GetArrayLength(jni, environment); ++i) {
        const jbyteArray entry = (*jni)->GetObjectArrayElement(jni, environment, i);
        const jsize length = (*jni)->GetArrayLength(jni, entry);
        char* text = calloc(1, (size_t)length + 1); /* putenv keeps it */
        if (text == NULL) return (*jni)->NewStringUTF(jni, "no memory for the environment");
        (*jni)->GetByteArrayRegion(jni, entry, 0, length, (jbyte*)text);
        (*jni)->DeleteLocalRef(jni, entry);
        if (putenv(text) != 0) return (*jni)->NewStringUTF(jni, "no memory for the environment");
    }
    return NULL;
}
