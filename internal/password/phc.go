package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/handstamp/handstamp/internal/store"
)

// Params are the costs of Argon2id. The zero Params mean DefaultParams, field by field.
type Params struct {
	Memory  uint32 // KiB; zero: 19456
	Time    uint32 // passes; zero: 2
	Threads uint8  // zero: 1
}

// DefaultParams are the least that the OWASP password storage cheat sheet takes: 22 to 25 ms
// of one core.
var DefaultParams = Params{Memory: 19 * 1024, Time: 2, Threads: 1}

// What a stored hash may ask for. One that asks for more is refused and not computed: whoever
// can write a row must not be able to spend our memory.
const (
	maxMemory  = 256 * 1024  // KiB
	maxWork    = 1024 * 1024 // KiB times passes, about a second
	maxThreads = 16
)

// The lengths in bytes of what we make, and what we take.
const (
	saltLength = 16
	keyLength  = 32
	minPiece   = 16 // of a stored salt or key
	maxPiece   = 64
)

// phc is a stored hash, taken apart.
type phc struct {
	params    Params
	salt, key []byte
}

// errPHC is every way in which a stored hash can be malformed. It never quotes the hash.
var errPHC = errors.New("stored password hash is not an argon2id PHC string")

// errCost is a stored hash that asks for more than we are willing to spend.
var errCost = errors.New("stored password hash asks for too much work")

// orDefault fills in what is zero.
func (p Params) orDefault() Params {
	if p.Memory == 0 {
		p.Memory = DefaultParams.Memory
	}
	if p.Time == 0 {
		p.Time = DefaultParams.Time
	}
	if p.Threads == 0 {
		p.Threads = DefaultParams.Threads
	}
	return p
}

// check refuses what Argon2 does not define (RFC 9106 §3.1) and what is too much work.
func (p Params) check() error {
	switch {
	case p.Time < 1 || p.Threads < 1 || p.Memory < 8*uint32(p.Threads):
		return errPHC
	case p.Memory > maxMemory || uint64(p.Memory)*uint64(p.Time) > maxWork || p.Threads > maxThreads:
		return errCost
	}
	return nil
}

// weakerThan reports whether a hash made with p should be made again with now. Threads do not
// count: they change how long we wait, not what a guesser pays.
func (p Params) weakerThan(now Params) bool {
	return p.Memory < now.Memory || p.Time < now.Time
}

// String returns the PHC string: $argon2id$v=19$m=…,t=…,p=…$salt$key.
func (h phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.params.Memory, h.params.Time, h.params.Threads,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

// parsePHC reads a PHC string, strictly: what it accepts, String returns.
func parsePHC(hash store.PasswordHash) (phc, error) {
	parts := strings.Split(string(hash), "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errPHC
	}
	params, err := parseParams(parts[3])
	if err != nil {
		return phc{}, err
	}
	salt, err := parsePiece(parts[4])
	if err != nil {
		return phc{}, err
	}
	key, err := parsePiece(parts[5])
	if err != nil {
		return phc{}, err
	}
	return phc{params, salt, key}, nil
}

// parseParams reads m=…,t=…,p=… in this order.
func parseParams(text string) (Params, error) {
	pieces := strings.Split(text, ",")
	if len(pieces) != 3 {
		return Params{}, errPHC
	}
	memory, okM := parseNumber(pieces[0], "m=", 32)
	passes, okT := parseNumber(pieces[1], "t=", 32)
	threads, okP := parseNumber(pieces[2], "p=", 8)
	if !okM || !okT || !okP {
		return Params{}, errPHC
	}
	p := Params{Memory: uint32(memory), Time: uint32(passes), Threads: uint8(threads)}
	return p, p.check()
}

// parseNumber reads prefix and a decimal number as strconv would write it.
func parseNumber(text, prefix string, bits int) (uint64, bool) {
	digits, found := strings.CutPrefix(text, prefix)
	n, err := strconv.ParseUint(digits, 10, bits)
	return n, found && err == nil && strconv.FormatUint(n, 10) == digits
}

// parsePiece reads a salt or a key: base64 without padding, in its one canonical form.
func parsePiece(text string) ([]byte, error) {
	// Go's decoder skips CR and LF even when strict.
	if strings.ContainsAny(text, "\r\n") {
		return nil, errPHC
	}
	raw, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < minPiece || len(raw) > maxPiece {
		return nil, errPHC
	}
	return raw, nil
}
