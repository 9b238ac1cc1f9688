package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const cgroupRoot = "/sys/fs/cgroup"

// makeCgroups makes the cluster's own cgroup in every controller before the kubelet starts:
// two kubelets under one root would remove each other's pods.
func makeCgroups(name string) error {
	if _, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers")); err == nil {
		return makeUnified(name)
	}
	controllers, err := os.ReadDir(cgroupRoot)
	if err != nil {
		return err
	}
	for _, controller := range controllers {
		dir := filepath.Join(cgroupRoot, controller.Name(), name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			if os.IsPermission(err) || isReadOnly(err) {
				continue
			}
			return err
		}
		if controller.Name() == "cpuset" { // a new cpuset is empty, and an empty one takes no process
			for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
				if err := copyFile(filepath.Join(cgroupRoot, "cpuset", file), filepath.Join(dir, file)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// makeUnified is the same under cgroup v2, where controllers are handed down by name.
func makeUnified(name string) error {
	dir := filepath.Join(cgroupRoot, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	available, err := os.ReadFile(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if err != nil {
		return err
	}
	var enable []string
	for _, controller := range strings.Fields(string(available)) {
		enable = append(enable, "+"+controller)
	}
	all := []byte(strings.Join(enable, " "))
	for _, parent := range []string{cgroupRoot, dir} {
		if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), all, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

func isReadOnly(err error) bool {
	pathError, ok := err.(*os.PathError)
	return ok && pathError.Err == syscall.EROFS
}
