package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
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
		removeBelow(dir)
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

// removeBelow removes what the pods of killed namespaces left: the kubelet would ask containerd about each of them
// in turn, five seconds apiece, before it starts the first pod.
func removeBelow(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		child := filepath.Join(dir, entry.Name())
		removeBelow(child)
		for try := 0; try < 50 && errors.Is(syscall.Rmdir(child), syscall.EBUSY); try++ {
			time.Sleep(20 * time.Millisecond) // until the kernel has buried the last process
		}
	}
}

// makeUnified is the same under cgroup v2, where controllers are handed down by name.
func makeUnified(name string) error {
	dir := filepath.Join(cgroupRoot, name)
	removeBelow(dir)
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
