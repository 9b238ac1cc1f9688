package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os/exec"
	"strings"
	"time"
)

var watched = map[string]string{
	"pods":            "/api/v1/pods",
	"namespaces":      "/api/v1/namespaces",
	"networkpolicies": "/apis/networking.k8s.io/v1/networkpolicies",
}

const (
	settle = 100 * time.Millisecond // changes come in bursts
	resync = 30 * time.Second       // mends what someone else changed in the chains
)

// runPolicies enforces NetworkPolicies in the namespaces' own iptables: the bridge between pods does not.
// A watch only rings: each time, everything is read again and the whole filter is put in place in one step.
// Traffic between a pod and its own node (probes, the API server) does not pass FORWARD and is not filtered, as Kubernetes has it too.
func runPolicies(spec *Spec, _ string) error {
	ring := make(chan struct{}, 1)
	for _, path := range watched {
		go watch(spec, path, ring)
	}
	applied := ""
	for {
		text, err := currentRules(spec)
		if err == nil {
			err = apply(text)
		}
		if err != nil {
			log.Printf("policies: %v", err)
			time.Sleep(time.Second)
			continue
		}
		if text != applied {
			log.Printf("policies: %d rules in place", strings.Count(text, "\n-A "))
			applied = text
		}
		select {
		case <-ring:
			time.Sleep(settle)
		case <-time.After(resync):
		}
	}
}

func watch(spec *Spec, path string, ring chan<- struct{}) {
	for ; ; time.Sleep(poll) {
		body, err := get(context.Background(), spec, path+"?watch=1&timeoutSeconds=600")
		if err != nil {
			continue
		}
		for lines := json.NewDecoder(body); err == nil; {
			var event json.RawMessage
			if err = lines.Decode(&event); err == nil {
				select {
				case ring <- struct{}{}:
				default: // it has rung already
				}
			}
		}
		body.Close()
	}
}

func currentRules(spec *Spec) (string, error) {
	state := &State{}
	targets := map[string]any{"pods": &state.Pods, "namespaces": &state.Namespaces, "networkpolicies": &state.Policies}
	for kind, path := range watched {
		if err := list(spec, path, targets[kind]); err != nil {
			return "", err
		}
	}
	return ruleset(state), nil
}

// hook sends new connections through the filter; what runs already goes on. It has to come first in FORWARD, for kube-proxy accepts there.
const hook = "FORWARD -m conntrack --ctstate NEW -j " + chainAll

func apply(text string) error {
	if err := command(text, "iptables-restore", "--noflush", "--wait", "5"); err != nil {
		return err
	}
	if first, _ := exec.Command("iptables", "-w", "5", "-S", "FORWARD", "1").Output(); strings.TrimSpace(string(first)) == "-A "+hook {
		return removeOld(text)
	}
	arguments := strings.Fields(hook)
	command("", "iptables", append([]string{"-w", "5", "-D"}, arguments...)...) // it may not be there
	arguments = append([]string{"-w", "5", "-I", arguments[0], "1"}, arguments[1:]...)
	if err := command("", "iptables", arguments...); err != nil {
		return err
	}
	return removeOld(text)
}

// removeOld deletes chains of pods that are gone; chainAll no longer jumps to them.
func removeOld(text string) error {
	all, err := exec.Command("iptables", "-w", "5", "-S").Output()
	if err != nil {
		return err
	}
	lines := []string{"*filter"}
	for _, line := range strings.Split(string(all), "\n") {
		name, isChain := strings.CutPrefix(line, "-N ")
		isOurs := strings.HasPrefix(name, "MEDIA-E-") || strings.HasPrefix(name, "MEDIA-I-")
		if isChain && isOurs && !strings.Contains(text, ":"+name+" ") {
			lines = append(lines, "-F "+name, "-X "+name)
		}
	}
	if len(lines) == 1 {
		return nil
	}
	return command(strings.Join(append(lines, "COMMIT", ""), "\n"), "iptables-restore", "--noflush", "--wait", "5")
}

func command(input, name string, arguments ...string) error {
	run := exec.Command(name, arguments...)
	run.Stdin = strings.NewReader(input)
	if out, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v: %s", name, err, out)
	}
	return nil
}
