package handstamptest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
)

// Gram is how much of a secret is too much: nothing that long of it may be in any output.
const Gram = 12

// Canaries are secrets that a test plants and then looks for.
type Canaries struct {
	kinds map[string]string // every piece of Gram characters → what it is a piece of
}

// Plant has text looked for, as it is and as what it becomes on the way.
func (c *Canaries) Plant(kind, text string) string {
	if c.kinds == nil {
		c.kinds = map[string]string{}
	}
	forms := []string{
		text, hex.EncodeToString([]byte(text)), base64.StdEncoding.EncodeToString([]byte(text)),
		base64.RawURLEncoding.EncodeToString([]byte(text)),
	}
	for _, form := range forms {
		for i := 0; i+Gram <= len(form); i++ {
			c.kinds[form[i:i+Gram]] = kind
		}
	}
	return text
}

// Fresh plants a new secret that nothing else looks like.
func (c *Canaries) Fresh(kind string) string { return c.Plant(kind, rand.Text()+rand.Text()) }

// In returns the kind of a secret of which text holds a piece, and the piece.
func (c *Canaries) In(text string) (kind, piece string) {
	for i := 0; i+Gram <= len(text); i++ {
		if kind, ok := c.kinds[text[i:i+Gram]]; ok {
			return kind, text[i : i+Gram]
		}
	}
	return "", ""
}
