// Command embedded is a notes app with the whole sign-in server inside: one program, two
// SQLite files, nothing else to run.
//
//	go run ./examples/embedded
//	open http://localhost:8080/
package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"html/template"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the notes' own database

	"github.com/handstamp/handstamp"
	"github.com/handstamp/handstamp/verify"
)

// page is the whole app as a person sees it.
var page = template.Must(template.New("notes").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Notes</title>
<h1>Your notes</h1>
<form method="post" action="/notes"><label>New note <input name="text" maxlength="200" required></label> <button>Keep</button></form>
<ul>{{range .}}<li>{{.}}</li>{{else}}<li>Nothing yet.</li>{{end}}</ul>
<p><a href="/auth/account">Account and devices</a></p>
<form method="post" action="/auth/signout"><button>Sign out</button></form>
</html>`))

// notes keeps what people write, each for the user who wrote it.
type notes struct{ db *sql.DB }

// main serves until Ctrl-C.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, cmp.Or(os.Getenv("FOLDER"), "."), cmp.Or(os.Getenv("PORT"), "8080")); err != nil {
		log.Fatal(err)
	}
}

// run puts the app together.
func run(ctx context.Context, folder, port string) error {
	auth, err := handstamp.Open(ctx, handstamp.Config{
		PublicURL:     "http://localhost:" + port + "/auth",
		Database:      "sqlite:" + filepath.Join(folder, "handstamp.db"),
		MasterKeyFile: filepath.Join(folder, "handstamp.key"),
	})
	if err != nil {
		return err
	}
	defer auth.Close()
	db, err := sql.Open("sqlite", filepath.Join(folder, "notes.db"))
	if err != nil {
		return err
	}
	defer db.Close()
	const schema = `CREATE TABLE IF NOT EXISTS notes (user TEXT NOT NULL, text TEXT NOT NULL) STRICT`
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return err
	}
	app := notes{db}
	mux := http.NewServeMux()
	mux.Handle("/auth/", auth)
	mux.Handle("GET /{$}", auth.Require(http.HandlerFunc(app.list)))
	mux.Handle("POST /notes", auth.Require(http.HandlerFunc(app.add)))

	server := &http.Server{
		Addr: "127.0.0.1:" + port, Handler: mux,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
	}
	context.AfterFunc(ctx, func() { server.Shutdown(context.WithoutCancel(ctx)) })
	log.Printf("notes: open http://localhost:%s/", port)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// list shows the notes of whoever is signed in.
func (n notes) list(w http.ResponseWriter, r *http.Request) {
	rows, err := n.db.QueryContext(r.Context(), `SELECT text FROM notes WHERE user = ? ORDER BY rowid DESC LIMIT 100`,
		verify.FromContext(r.Context()).Subject)
	if err != nil {
		http.Error(w, "the notes cannot be read", http.StatusServiceUnavailable)
		return
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			http.Error(w, "the notes cannot be read", http.StatusServiceUnavailable)
			return
		}
		texts = append(texts, text)
	}
	w.Header().Set("Cache-Control", "no-store")
	page.Execute(w, texts)
}

// add keeps a note. A form of another site never gets here: Require refuses it.
func (n notes) add(w http.ResponseWriter, r *http.Request) {
	text := strings.TrimSpace(r.PostFormValue("text"))
	if text != "" && len(text) <= 800 {
		user := verify.FromContext(r.Context()).Subject
		_, err := n.db.ExecContext(r.Context(), `INSERT INTO notes (user, text) VALUES (?, ?)`, user, text)
		if err != nil {
			http.Error(w, "the note could not be kept", http.StatusServiceUnavailable)
			return
		}
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
