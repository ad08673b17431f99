#include "engine/protocol/steps.h"

namespace hotcell::protocol {

const char* step_name(std::uint16_t step) {
    switch (static_cast<Step>(step)) {
        case Step::None: return "none";
        case Step::MakeCgroup: return "make-cgroup";
        case Step::MakePipes: return "make-pipes";
        case Step::EnterDomain: return "enter-domain";
        case Step::CloneNamespaces: return "clone-namespaces";
        case Step::WriteIdMaps: return "write-id-maps";
        case Step::LinkUp: return "link-up";
        case Step::ExecInit: return "exec-init";
        case Step::OpenHandles: return "open-handles";
        case Step::BuilderFilter: return "builder-filter";
        case Step::TakeIds: return "take-ids";
        case Step::JoinCgroups: return "join-cgroups";
        case Step::UnshareCgroupNamespace: return "unshare-cgroup-namespace";
        case Step::SetHostName: return "set-host-name";
        case Step::MountProc: return "mount-proc";
        case Step::MaskProc: return "mask-proc";
        case Step::MountTmp: return "mount-tmp";
        case Step::SetLimits: return "set-limits";
        case Step::DropBoundingSet: return "drop-bounding-set";
        case Step::ForkChild: return "fork-child";
        case Step::DropCapabilities: return "drop-capabilities";
        case Step::NoNewPrivileges: return "no-new-privileges";
        case Step::LoadFilter: return "load-filter";
        case Step::AwaitChild: return "await-child";
        case Step::ChildDescriptors: return "child-descriptors";
        case Step::ChildIds: return "child-ids";
        case Step::ChildCapabilities: return "child-capabilities";
        case Step::ChildNoNewPrivileges: return "child-no-new-privileges";
        case Step::ChildLandlock: return "child-landlock";
        case Step::ChildFilter: return "child-filter";
        case Step::ChildExec: return "child-exec";
        case Step::ForkJoinCgroups: return "fork-join-cgroups";
        case Step::ForkEnter: return "fork-enter";
        case Step::ForkChildProcess: return "fork-child-process";
        case Step::ForkDescriptors: return "fork-descriptors";
        case Step::ForkBoundingSet: return "fork-bounding-set";
        case Step::ForkIds: return "fork-ids";
        case Step::ForkCapabilities: return "fork-capabilities";
        case Step::OpenCode: return "open-code";
        case Step::EnterMounts: return "enter-mounts";
        case Step::MoveMount: return "move-mount";
        case Step::LeaveMounts: return "leave-mounts";
    }
    return "unknown";
}

}  // namespace hotcell::protocol
