package feed

import (
	"errors"
	"io"
	"time"

	"github.com/handstamp/handstamp/internal/jose"
	"github.com/handstamp/handstamp/internal/revocation/revoked"
)

// What a snapshot may take.
const (
	maxSnapshot   = 1 << 30 // bytes; some five million entries
	snapshotBatch = 1000    // entries that take effect together
)

// progress is a body that keeps its stream from being cut off while bytes come
type progress struct {
	io.Reader
	cut *time.Timer
}

// Read reads.
func (p progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.cut.Reset(MaxSilence)
	}
	return n, err
}

// snapshot is one that is being read
type snapshot struct {
	*Feed
	numbers wanted // those that were not read yet
	entries bool   // they were read
	epoch   int64
	seq     int64
	at      int64
	batch   []revoked.Entry
}

// merge reads a snapshot, whose entries join those that are held, and whose position becomes ours.
// A snapshot older than ours is refused. Entries take effect as they are read: an ending is never
// wrong to keep, and so a million of them are never in memory twice.
func (f *Feed) merge(body io.Reader) error {
	s := &snapshot{Feed: f, batch: make([]revoked.Entry, 0, snapshotBatch)}
	s.numbers = wanted{"epoch": &s.epoch, "seq": &s.seq, "at": &s.at}
	p := newPieces(io.LimitReader(body, maxSnapshot))
	p.object(func(name string) { s.member(p, name) })
	if err := p.close(); err != nil {
		return err
	}
	if len(s.numbers) > 0 || !s.entries {
		return errors.New("epoch, seq, at or entries is missing")
	}
	err := s.set.Merge(revoked.Snapshot{Epoch: s.epoch, Seq: s.seq, At: s.at})
	if errors.Is(err, revoked.ErrOlder) {
		return errBehind
	}
	return err
}

// member takes one member of the snapshot
func (s *snapshot) member(p *pieces, name string) {
	if name == "entries" {
		s.entries = true
		p.array(func() { s.entry(p) })
		s.hold(p)
		return
	}
	r := jose.NewReader(p.value())
	if _, number := s.numbers[name]; number {
		s.numbers.take(r, name)
	} else {
		r.Skip()
	}
	p.note(r.Close())
	if epoch, seq := s.set.Position(); len(s.numbers) == 0 && (s.epoch < epoch || s.epoch == epoch && s.seq < seq) {
		p.note(errBehind) // before its entries are read, where they come last
	}
}

// entry takes one entry
func (s *snapshot) entry(p *pieces) {
	e, err := parseEntry(p.value())
	p.note(err)
	if p.err == nil {
		s.batch = append(s.batch, e)
		s.forget(e)
	}
	if len(s.batch) == snapshotBatch {
		s.hold(p)
	}
}

// hold has the entries that were read take effect. The position stays.
func (s *snapshot) hold(p *pieces) {
	epoch, seq := s.set.Position()
	if p.err == nil && len(s.batch) > 0 {
		p.note(s.set.Merge(revoked.Snapshot{Epoch: epoch, Seq: seq, Entries: s.batch}))
	}
	s.batch = s.batch[:0]
}
