// Supervisor keeps the processes of one embedded cluster alive: on the host, and as the first process of the
// namespaces in which Kubernetes runs. local/cluster/*.ts writes its spec and is its only caller.
//
//	supervisor host SPEC    keeps the host's processes, the namespaces and the port forwards (holds a lock: one per cluster)
//	supervisor guard SPEC   keeps "supervisor host", which in turn keeps the guard: either may be killed
//	supervisor init SPEC    process 1 of the namespaces: mounts, addresses, then reaps; keeps "supervisor inside"
//	supervisor inside SPEC  keeps the Kubernetes processes
//	supervisor policies SPEC enforces NetworkPolicies inside the namespaces
//	supervisor pki SPEC     makes the cluster's certificates where they are missing
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
)

// Spec is what local/cluster/spec.ts writes; every path is absolute.
type Spec struct {
	Name      string     `json:"name"`
	RunDir    string     `json:"runDir"`    // pid files and the lock
	LogDir    string     `json:"logDir"`    // one file a process
	VarDir    string     `json:"varDir"`    // becomes /var inside the namespaces
	PkiDir    string     `json:"pkiDir"`    // certificates and keys
	Cgroup    string     `json:"cgroup"`    // name of the cgroup below each controller's root
	Link      Link       `json:"link"`      // the one wire between host and namespaces
	Registry  string     `json:"registry"`  // port of the image registry on 127.0.0.1
	ServiceIP string     `json:"serviceIp"` // address of the Service "kubernetes"
	Host      []*Process `json:"host"`
	Inside    []*Process `json:"inside"`
}

// Link is the veth pair: its name on the host and both addresses of a /30 network.
type Link struct {
	Name   string `json:"name"`
	Host   string `json:"host"`
	Inside string `json:"inside"`
}

func readSpec(path string) (*Spec, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec := &Spec{}
	return spec, json.Unmarshal(text, spec)
}

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: supervisor host|guard|init|inside|policies|pki SPEC")
		os.Exit(2)
	}
	role, path := os.Args[1], os.Args[2]
	spec, err := readSpec(path)
	if err != nil {
		log.Fatalf("spec %s: %v", path, err)
	}
	roles := map[string]func(*Spec, string) error{"host": runHost, "guard": runGuard, "init": runInit, "inside": runInside, "policies": runPolicies, "pki": makePki}
	run, known := roles[role]
	if !known {
		log.Fatalf("no such role %q", role)
	}
	if err := run(spec, path); err != nil {
		log.Fatalf("%s: %v", role, err)
	}
}
