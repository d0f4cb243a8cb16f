package revocation

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Place is a place in the log: the entry of this number in this epoch, and all before it.
type Place struct{ Epoch, Seq int64 }

// String returns the place as events name it.
func (p Place) String() string { return fmt.Sprintf("%d.%d", p.Epoch, p.Seq) }

// Before reports whether p lies before other.
func (p Place) Before(other Place) bool {
	return p.Epoch < other.Epoch || p.Epoch == other.Epoch && p.Seq < other.Seq
}

// ParsePlace reads what String returns, and nothing else.
func ParsePlace(text string) (Place, error) {
	before, after, _ := strings.Cut(text, ".")
	epoch, err := strconv.ParseInt(before, 10, 64)
	seq, err2 := strconv.ParseInt(after, 10, 64)
	p := Place{epoch, seq}
	if errors.Join(err, err2) != nil || p.String() != text || epoch < 0 || seq < 0 {
		return Place{}, errors.New("not a place in the log")
	}
	return p, nil
}
