// A directory of a test's own, gone with it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "engine/linux/files/files.h"

namespace hotcell {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        char name[] = "/tmp/hotcell-test-XXXXXX";
        if (const char* made = ::mkdtemp(name)) path_ = made;
        EXPECT_FALSE(path_.empty());
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { linux::remove_tree(path_); }
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

}  // namespace hotcell
