//go:build !linux

package server

// shareFinely is for Linux alone.
func shareFinely() {}
