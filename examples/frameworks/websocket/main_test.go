package main

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"github.com/handstamp/handstamp/verify/verifytest"
)

// TestEnd closes the connection of a session that ends, and no other's.
func TestEnd(t *testing.T) {
	iss := verifytest.NewIssuer(t)
	server := httptest.NewServer(router(iss.Verifier(t)))
	defer server.Close()
	open := func(sid string) *websocket.Conn {
		t.Helper()
		config, err := websocket.NewConfig(strings.Replace(server.URL, "http", "ws", 1)+"/echo", server.URL)
		if err != nil {
			t.Fatal(err)
		}
		config.Header.Set("Authorization", "Bearer "+iss.Token(verifytest.Session(sid)))
		conn, err := config.DialContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	says := func(conn *websocket.Conn) string {
		var heard string
		if err := websocket.Message.Send(conn, "hello"); err != nil {
			return "closed"
		}
		if err := websocket.Message.Receive(conn, &heard); err != nil {
			return "closed"
		}
		return heard
	}
	one, two := open("one"), open("two")
	if says(one) != "hello" || says(two) != "hello" {
		t.Fatal("no echo before the end")
	}
	iss.End("one")
	var heard string
	if err := websocket.Message.Receive(one, &heard); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("after the end: %q, %v, want it closed", heard, err)
	}
	if got := says(two); got != "hello" {
		t.Errorf("another session = %q, want an echo", got)
	}
	config, err := websocket.NewConfig(strings.Replace(server.URL, "http", "ws", 1)+"/echo", server.URL)
	if err != nil {
		t.Fatal(err)
	}
	config.Header.Set("Authorization", "Bearer "+iss.Token(verifytest.Session("one")))
	if conn, err := config.DialContext(t.Context()); err == nil {
		conn.Close()
		t.Error("a new connection of the ended session is opened")
	}
}
