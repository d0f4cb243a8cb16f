package verification

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/handstamp/handstamp/internal/test/postgrestest"
)

// What a session is where it is looked up on each request: its id, and what the handler wants to
// know.
const (
	lookupID    = "session:AAAAAAAAAAAAAAAAAAAAAA"
	lookupValue = `{"sub":"usr_BBBBBBBBBBBBBBBBBBBBBB","roles":["member","billing"],"expires":4102444800}`
)

// redis is a Redis of our own with one connection to it
type redis struct {
	process *exec.Cmd
	folder  string
	conn    net.Conn
	answers *bufio.Reader
}

// startRedis starts one on loopback that writes nothing to disk, and puts the session there.
func startRedis() (*redis, error) {
	folder, err := os.MkdirTemp("", "verifybench")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &redis{folder: folder}
	r.process = exec.Command(
		"redis-server",
		"--port",
		strconv.Itoa(port),
		"--bind",
		"127.0.0.1",
		"--save",
		"",
		"--dir",
		folder,
	)
	if err := r.process.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		r.conn, err = net.Dial("tcp", address)
		if err == nil {
			break
		}
		if time.Now().After(until) {
			r.Close()
			return nil, err
		}
	}
	r.answers = bufio.NewReader(r.conn)
	if _, err := r.do("SET", lookupID, lookupValue); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// freePort is a port on loopback that nobody uses
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// get returns a value
func (r *redis) get(key string) (string, error) { return r.do("GET", key) }

// do sends one command and returns its answer, a line or a text with its length before it (RESP)
func (r *redis) do(words ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(r.conn, b.String()); err != nil {
		return "", err
	}
	line, err := r.answers.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	if line == "" || line[0] == '-' {
		return "", fmt.Errorf("redis: %s", line)
	}
	if line[0] != '$' {
		return line[1:], nil
	}
	n, err := strconv.Atoi(line[1:])
	if err != nil || n < 0 {
		return "", fmt.Errorf("redis: no such value: %s", line)
	}
	text := make([]byte, n+2)
	_, err = io.ReadFull(r.answers, text)
	return string(text[:n]), err
}

// Close ends the server.
func (r *redis) Close() {
	if r.conn != nil {
		_ = r.conn.Close()
	}
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
	_ = os.RemoveAll(filepath.Clean(r.folder))
}

// postgres is a PostgreSQL of our own with one connection to it
type postgres struct {
	server *postgrestest.Server
	conn   *pgx.Conn
}

// startPostgres starts one on loopback, and puts the session into a table.
func startPostgres(ctx context.Context) (*postgres, error) {
	server, err := postgrestest.Options{}.Run()
	if err != nil {
		return nil, err
	}
	p := &postgres{server: server}
	url, err := server.NewDatabase()
	if err == nil {
		p.conn, err = pgx.Connect(ctx, url)
	}
	if err == nil {
		_, err = p.conn.Exec(ctx, `CREATE TABLE sessions (id text PRIMARY KEY, value text NOT NULL)`)
	}
	if err == nil {
		_, err = p.conn.Exec(ctx, `INSERT INTO sessions (id, value) VALUES ($1, $2)`, lookupID, lookupValue)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// get returns a value, by a prepared statement
func (p *postgres) get(ctx context.Context, id string) (value string, err error) {
	err = p.conn.QueryRow(ctx, `SELECT value FROM sessions WHERE id = $1`, id).Scan(&value)
	return value, err
}

// Close ends the server.
func (p *postgres) Close() {
	if p.conn != nil {
		_ = p.conn.Close(context.Background())
	}
	_ = p.server.Close()
}
