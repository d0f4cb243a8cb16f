package records_test

import (
	"database/sql"
	"database/sql/driver"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/handstamp/handstamp/internal/store"
	"github.com/handstamp/handstamp/internal/store/records"
)

// TestColumns writes each type of column and reads it back.
func TestColumns(t *testing.T) {
	moment := time.Date(2026, 11, 2, 9, 0, 0, 7_000_000, time.UTC)
	tests := []struct {
		name  string
		value driver.Valuer
		want  driver.Value
		empty sql.Scanner
	}{
		{"time", records.Instant(moment), moment.UnixMilli(), new(records.Instant)},
		{"no time", records.Instant{}, nil, new(records.Instant)},
		{"duration", records.Span(90 * time.Second), int64(90_000), new(records.Span)},
		{"session id", records.SessionID{1}, store.SessionID{1}.String(), new(records.SessionID)},
		{"nonce", records.Nonce{1, 2}, []byte{1, 2, 0, 0, 0, 0, 0, 0}, new(records.Nonce)},
		{"hash", records.Hash{3}, append([]byte{3}, make([]byte, 31)...), new(records.Hash)},
		{"IPv4", records.Address(netip.MustParseAddr("192.0.2.1")), "192.0.2.1", new(records.Address)},
		{"no address", records.Address{}, "", new(records.Address)},
		{"words", records.Words{"pwd", "a \"b\""}, `["pwd","a \"b\""]`, new(records.Words)},
		{"no words", records.Words(nil), "[]", new(records.Words)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			column, err := tt.value.Value()
			if err != nil || !reflect.DeepEqual(column, tt.want) {
				t.Fatalf("Value = %v, %v, want %v", column, err, tt.want)
			}
			if err := tt.empty.Scan(column); err != nil {
				t.Fatal(err)
			}
			if got := reflect.ValueOf(tt.empty).Elem().Interface(); !reflect.DeepEqual(got, tt.value) {
				t.Errorf("Scan = %v, want %v", got, tt.value)
			}
		})
	}
}

// TestEmptyWords is kept and read as no list, also where the list is there and empty.
func TestEmptyWords(t *testing.T) {
	column, err := records.Words{}.Value()
	if column != "[]" || err != nil {
		t.Errorf("Value = %v, %v, want []", column, err)
	}
	words := records.Words{"old"}
	if err := words.Scan("[]"); err != nil || words != nil {
		t.Errorf("Scan([]) = %v, %v, want nil", words, err)
	}
}

// TestWrongColumns refuses what we never put there.
func TestWrongColumns(t *testing.T) {
	tests := []struct {
		into   sql.Scanner
		column any
	}{
		{new(records.Instant), "1"},
		{new(records.Span), nil},
		{new(records.SessionID), "AQ"},
		{new(records.SessionID), nil},
		{new(records.Nonce), []byte{1}},
		{new(records.Hash), "text"},
		{new(records.Address), "nowhere"},
		{new(records.Words), nil},
		{new(records.Words), "pwd"},
	}
	for _, tt := range tests {
		if err := tt.into.Scan(tt.column); err == nil {
			t.Errorf("%T.Scan(%v) = nil, want an error", tt.into, tt.column)
		}
	}
}
