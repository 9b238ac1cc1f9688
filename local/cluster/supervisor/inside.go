package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// runInit is process 1: it makes the namespaces ready, starts "supervisor inside" and from then on only reaps
// what is orphaned. A second process does the keeping because waiting for any child would steal its exit statuses.
func runInit(spec *Spec, path string) error {
	if err := mounts(spec); err != nil {
		return err
	}
	if err := addresses(spec.Link); err != nil {
		return err
	}
	if err := makeCgroups(spec.Cgroup); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for {
		child, err := syscall.ForkExec(self, []string{self, "inside", path}, &syscall.ProcAttr{
			Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setsid: true},
		})
		if err != nil {
			return err
		}
		for pid := 0; pid != child; {
			if pid, err = syscall.Wait4(-1, nil, 0, nil); err != nil && err != syscall.EINTR {
				return err
			}
		}
		log.Print("supervisor inside has ended; starting it again")
		time.Sleep(firstDelay)
	}
}

func runInside(spec *Spec, _ string) error {
	for _, process := range spec.Inside {
		go keep(insideDir(spec), spec.LogDir, process)
	}
	select {}
}

// mounts gives the namespaces a /proc, a /run and a /var of their own: what Kubernetes leaves in fixed places there stays off the host.
func mounts(spec *Spec) error {
	steps := []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"", "/", "", syscall.MS_REC | syscall.MS_PRIVATE},
		{"proc", "/proc", "proc", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC},
		{"tmpfs", "/run", "tmpfs", syscall.MS_NOSUID | syscall.MS_NODEV},
		{spec.VarDir, "/var", "", syscall.MS_BIND},
		// Volumes of pods propagate between mounts below; the kubelet refuses a private root.
		{"", "/", "", syscall.MS_REC | syscall.MS_SHARED},
	}
	for _, step := range steps {
		if err := syscall.Mount(step.source, step.target, step.kind, step.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", step.target, err)
		}
	}
	if err := os.Symlink("/run", "/var/run"); err != nil && !os.IsExist(err) {
		return err
	}
	return nil
}

func addresses(link Link) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := net.InterfaceByName("eth0"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no eth0 after 10 s: the host's end of the wire was not made")
		}
	}
	for _, arguments := range [][]string{
		{"link", "set", "lo", "up"},
		{"address", "add", link.Inside + "/30", "dev", "eth0"},
		{"link", "set", "eth0", "up"},
		{"route", "add", "default", "via", link.Host},
	} {
		if out, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %v: %s", arguments, err, out)
		}
	}
	settings := map[string]string{
		"ip_forward":     "1",
		"icmp_ratelimit": "0", // a refused connection is told so at once, each time
	}
	for name, value := range settings {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}
