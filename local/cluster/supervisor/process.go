package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is one command that is to run for as long as the cluster does.
type Process struct {
	Name    string   `json:"name"`
	Argv    []string `json:"argv"`
	Env     []string `json:"env"`     // added to the supervisor's own
	WaitFor string   `json:"waitFor"` // "unix:PATH" or "tcp:HOST:PORT" that must answer first, or "file:PATH" that must be there

	attr  *syscall.SysProcAttr
	after func(pid int) error // runs once the process has started
}

const (
	poll       = 200 * time.Millisecond
	firstDelay = 200 * time.Millisecond
	maxDelay   = 5 * time.Second
	calm       = 10 * time.Second // a process that ran this long starts again without delay
	maxLog     = 32 << 20
)

// keep runs the process for ever: it adopts the one that an earlier supervisor left, else starts it, and starts it again when it ends.
func keep(dir, logDir string, p *Process) {
	pidFile := filepath.Join(dir, p.Name+".pid")
	delay := firstDelay
	for !stopping(dir) {
		waitFor(dir, p.WaitFor)
		started := time.Now()
		if pid, alive := readPid(pidFile); alive {
			log.Printf("%s: found running as %d", p.Name, pid)
			for isAlive(pidFile) {
				time.Sleep(poll)
			}
		} else if err := runOnce(pidFile, logDir, p); err != nil {
			log.Printf("%s: %v", p.Name, err)
		}
		if time.Since(started) > calm {
			delay = firstDelay
		}
		time.Sleep(delay)
		delay = min(2*delay, maxDelay)
	}
}

func runOnce(pidFile, logDir string, p *Process) error {
	out, err := openLog(filepath.Join(logDir, p.Name+".log"))
	if err != nil {
		return err
	}
	defer out.Close()
	command := exec.Command(p.Argv[0], p.Argv[1:]...)
	command.Env = append(os.Environ(), p.Env...)
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = p.attr
	if command.SysProcAttr == nil {
		command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	}
	if err := command.Start(); err != nil {
		return err
	}
	if err := writePid(pidFile, command.Process.Pid); err != nil {
		return err
	}
	log.Printf("%s: started as %d", p.Name, command.Process.Pid)
	if p.after != nil {
		if err := p.after(command.Process.Pid); err != nil {
			command.Process.Kill()
			command.Wait()
			return err
		}
	}
	return command.Wait()
}

// openLog moves a log that has grown large out of the way before it appends to it.
func openLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		os.Rename(path, path+".1")
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

func waitFor(dir, address string) {
	network, target, found := strings.Cut(address, ":")
	for found && !stopping(dir) {
		if network == "file" {
			if _, err := os.Stat(target); err == nil {
				return
			}
		} else if connection, err := net.DialTimeout(network, target, time.Second); err == nil {
			connection.Close()
			return
		}
		time.Sleep(poll)
	}
}

// stopping: "make down" leaves this mark before it ends anything, so that nothing is started again.
func stopping(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "stopping"))
	return err == nil
}

// A pid file holds "PID STARTTIME": the start time tells a process from a later one with the same number.
func writePid(path string, pid int) error {
	start, err := startTime(pid)
	if err != nil {
		return err
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, fmt.Appendf(nil, "%d %s\n", pid, start), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

func readPid(path string) (pid int, alive bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	var start string
	if _, err := fmt.Sscan(string(text), &pid, &start); err != nil {
		return 0, false
	}
	now, err := startTime(pid)
	return pid, err == nil && now == start
}

func isAlive(pidFile string) bool {
	_, alive := readPid(pidFile)
	return alive
}

// startTime is field 22 of /proc/PID/stat (proc(5)); a zombie counts as gone.
func startTime(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return fields[19], nil
}
