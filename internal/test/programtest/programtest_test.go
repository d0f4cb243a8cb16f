package programtest_test

import (
	"net"
	"strings"
	"testing"

	"github.com/handstamp/handstamp/internal/test/programtest"
)

// TestFreeAddress hands out addresses that nobody else is given, and that are free.
func TestFreeAddress(t *testing.T) {
	given := map[string]bool{}
	for range 20 {
		address, err := programtest.FreeAddress()
		if err != nil || given[address] {
			t.Fatalf("FreeAddress() = %s, %v, want a new one", address, err)
		}
		given[address] = true
		if mark, err := net.ListenPacket("udp", address); err == nil {
			mark.Close()
			t.Errorf("%s is not marked as taken", address)
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		listener.Close()
	}
}

// TestStart says why a program does not come to listen, and lets it be tried again.
func TestStart(t *testing.T) {
	p := &programtest.Program{
		Command: []string{"sh", "-c", "echo $WORD; exit 3"}, Env: []string{"WORD=a", "WORD=sesame"},
		Address: "127.0.0.1:1",
	}
	for range 2 {
		err := p.Start()
		if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "sesame") {
			t.Errorf("Start() = %v, want how it ended and what it said", err)
		}
		p.Kill()
	}
}

// TestStop tells an end in good order from another. A program that its owner's end shall end has
// its input open until then.
func TestStop(t *testing.T) {
	for status, good := range map[string]bool{"0": true, "1": false} {
		address, err := programtest.FreeAddress()
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", address) // in the program's place
		if err != nil {
			t.Fatal(err)
		}
		p := &programtest.Program{
			Command: []string{"sh", "-c", "trap 'exit " + status + "' TERM; echo up; read line; echo owner gone"},
			Address: address, Log: t.TempDir() + "/log",
		}
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		listener.Close()
		for !strings.Contains(p.Said(), "up") { // so that it has its trap
			if strings.Contains(p.Said(), "gone") {
				t.Fatal("its input is closed")
			}
		}
		if err := p.Stop(); (err == nil) != good {
			t.Errorf("Stop of a program that exits with %s = %v", status, err)
		}
		if err := p.Stop(); err != nil {
			t.Errorf("Stop of what does not run = %v", err)
		}
	}
}
