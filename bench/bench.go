// Package bench owns the list of libraries that we are measured beside, at the versions its go.mod
// names. It is a module of its own, so that none of them enters the product.
package bench

import (
	_ "embed"
	"strings"
)

// goMod is the file that pins every library
//
//go:embed go.mod
var goMod string

// Version is the version of a module that the measurements and the attack matrix are made with, or
// empty for one that go.mod does not require.
func Version(module string) string {
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == module && strings.HasPrefix(fields[1], "v") {
			return fields[1]
		}
	}
	return ""
}
