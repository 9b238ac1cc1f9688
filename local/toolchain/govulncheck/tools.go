//go:build tools

// Package tools names what is built from this module, so that go.mod keeps it.
package tools

import (
	_ "golang.org/x/vuln/cmd/govulncheck"
	_ "golang.org/x/vulndb/cmd/indexdb"
)
