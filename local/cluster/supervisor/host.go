package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func hostDir(spec *Spec) string   { return filepath.Join(spec.RunDir, "host") }
func insideDir(spec *Spec) string { return filepath.Join(spec.RunDir, "inside") }

// runHost keeps everything outside the namespaces, and the namespaces themselves.
func runHost(spec *Spec, path string) error {
	dir := hostDir(spec)
	if err := lock(filepath.Join(dir, "lock")); err != nil {
		return err
	}
	if err := writePid(filepath.Join(dir, "supervisor.pid"), os.Getpid()); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT) // a terminal that closes is no reason to stop
	self, err := os.Executable()
	if err != nil {
		return err
	}
	namespaces := &Process{
		Name: "init",
		Argv: []string{self, "init", path},
		attr: &syscall.SysProcAttr{
			Setsid:     true,
			Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		},
		after: func(pid int) error { return connect(spec.Link, pid) },
	}
	guard := &Process{Name: "guard", Argv: []string{self, "guard", path}}
	for _, process := range append([]*Process{guard, namespaces}, spec.Host...) {
		go keep(dir, spec.LogDir, process)
	}
	go forwardAddress(spec.Link.Host+":"+spec.Registry, "127.0.0.1:"+spec.Registry)
	go forwardNodePorts(spec)
	for !stopping(dir) {
		time.Sleep(poll)
	}
	return nil
}

// runGuard keeps "supervisor host", which keeps the guard.
func runGuard(spec *Spec, path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	keep(hostDir(spec), spec.LogDir, &Process{Name: "supervisor", Argv: []string{self, "host", path}})
	return nil
}

func lock(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another supervisor holds %s", path)
	}
	held = file // kept from the garbage collector, which would close it
	return nil
}

var held *os.File

// connect makes the wire: one end stays on the host, the other becomes eth0 of the namespaces.
func connect(link Link, pid int) error {
	exec.Command("ip", "link", "delete", link.Name).Run() // left over from a process that was killed
	for _, arguments := range [][]string{
		{"link", "add", link.Name, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(pid)},
		{"address", "add", link.Host + "/30", "dev", link.Name},
		{"link", "set", link.Name, "up"},
	} {
		if out, err := exec.Command("ip", arguments...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %v: %s", arguments, err, out)
		}
	}
	log.Printf("wire %s: %s to %s", link.Name, link.Host, link.Inside)
	return nil
}
