//go:build tools

// Package tools names the programs that are built beside the multi-call binary, so that go.mod keeps them.
package tools

import (
	_ "github.com/coredns/coredns"
	_ "github.com/rancher/local-path-provisioner"
	_ "k8s.io/kube-state-metrics/v2"
)
