// Command gen makes the documents that are made from the program: docs/config.md,
// docs/errors.md and docs/api.md. It is run from the root of the tree, by make gen.
package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/handstamp/handstamp/internal/config"
	"github.com/handstamp/handstamp/internal/fault"
	"github.com/handstamp/handstamp/internal/web"
)

// main writes every document, or says what went wrong.
func main() {
	for name, text := range documents() {
		if err := os.WriteFile(filepath.FromSlash(name), text, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

// documents makes every document, by its name from the root.
func documents() map[string][]byte {
	var settings bytes.Buffer
	if err := config.WriteReference(&settings); err != nil {
		panic(err) // a buffer takes everything
	}
	return map[string][]byte{
		"docs/config.md": settings.Bytes(),
		"docs/errors.md": errorsReference(),
		"docs/api.md":    apiReference(),
	}
}

// errorsHead is what docs/errors.md says before the list. Its argument is the title of the sample.
const errorsHead = `# Errors

<!-- Made from internal/fault by make gen. Do not edit. -->

The API answers an error as ` + "`application/problem+json`" + ` (RFC 9457):

` + "```json" + `
{"type":"urn:handstamp:error:invalid_credentials","title":"%s","status":401,"code":"invalid_credentials","request_id":"q8Yx0ZyA1bcd"}
` + "```" + `

` + "`code`" + ` is for programs and is never renamed. ` + "`title`" + ` is for a person and may change. ` + "`request_id`" + ` names the line in the
log that holds the cause. ` + "`session_ended`" + ` has a ` + "`reason`" + `; ` + "`invalid_request`" + ` has ` + "`errors`" + `, one for each member that is
wrong: ` + "`{\"field\":\"email\",\"code\":\"required\",\"detail\":\"…\"}`" + `. A verifier in a service uses the same codes.

| status | code | what a person reads | what to do |
|---|---|---|---|
`

// errorsReference makes docs/errors.md: every code, by status and name.
func errorsReference() []byte {
	var b strings.Builder
	all := fault.Catalogue()
	sample := slices.IndexFunc(all, func(e fault.Entry) bool { return e.Code == fault.InvalidCredentials })
	fmt.Fprintf(&b, errorsHead, all[sample].Say)
	status := func(e fault.Entry) int { return web.Status(fault.New(e.Code)) }
	slices.SortFunc(all, func(x, y fault.Entry) int {
		return cmp.Or(cmp.Compare(status(x), status(y)), cmp.Compare(x.Code, y.Code))
	})
	for _, e := range all {
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s |\n", status(e), e.Code, e.Say, e.Do)
	}
	return []byte(b.String())
}
