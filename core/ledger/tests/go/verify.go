// Command verify reads a small log from a folder and checks it with Go's own
// implementation of the same formats, golang.org/x/mod/sumdb.
//
// Folder: vkey (text), checkpoint (note), tile/…, and proofs, one a line:
// "record <index> <hash>…" or "tree <size> <hash>…", hashes in base64.
// It prints what it checked, or fails with the first fault.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// folder is a tlog.TileReader over the files of the log.
type folder struct{ path string }

func (f *folder) Height() int                         { return height }
func (f *folder) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// Go's paths name the tile height; those of C2SP do not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(f.path, path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func read(f *folder, name string) string {
	data, err := os.ReadFile(filepath.Join(f.path, name))
	must(err)
	return string(data)
}

func main() {
	log.SetFlags(0)
	f := &folder{os.Args[1]}
	key, err := note.NewVerifier(strings.TrimSpace(read(f, "vkey")))
	must(err)
	opened, err := note.Open([]byte(read(f, "checkpoint")), note.VerifierList(key))
	must(err)
	tree := checkpoint(opened.Text, key.Name())
	reader := tlog.TileHashReader(tree, f)

	root, err := tlog.TreeHash(tree.N, reader)
	must(err)
	if root != tree.Hash {
		log.Fatal("the tiles have another root than the checkpoint")
	}
	tiles := checkTiles(f, tree, reader)
	entries := checkEntries(f, tree, reader)
	records, growths := checkProofs(f, tree, reader)
	fmt.Printf("signatures %d tiles %d entries %d records %d growths %d\n",
		len(opened.Sigs), tiles, entries, records, growths)
}

// checkpoint reads origin, size and root; sumdb's own ParseTree knows one origin only.
func checkpoint(text, origin string) tlog.Tree {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin || lines[3] != "" {
		log.Fatalf("not a checkpoint of %s: %q", origin, text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

// tilesOf lists the tiles of a tree: some versions of NewTiles list every partial
// width on the way, of which a log needs the last alone.
func tilesOf(size int64) []tlog.Tile {
	all := tlog.NewTiles(height, 0, size)
	var last []tlog.Tile
	for i, tile := range all {
		if i+1 == len(all) || all[i+1].L != tile.L || all[i+1].N != tile.N {
			last = append(last, tile)
		}
	}
	return last
}

// checkTiles computes every tile of the tree from authenticated hashes and compares the files.
func checkTiles(f *folder, tree tlog.Tree, reader tlog.HashReader) int {
	tiles := tilesOf(tree.N)
	for _, tile := range tiles {
		want, err := tlog.ReadTileData(tile, reader)
		must(err)
		got, err := f.ReadTiles([]tlog.Tile{tile})
		must(err)
		if !bytes.Equal(got[0], want) {
			log.Fatalf("%s differs", tile.Path())
		}
	}
	return len(tiles)
}

// checkEntries hashes every entry of every bundle and compares the leaf.
func checkEntries(f *folder, tree tlog.Tree, reader tlog.HashReader) int64 {
	var place int64
	for _, tile := range tilesOf(tree.N) {
		if tile.L != 0 {
			continue
		}
		data := []byte(read(f, strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)))
		for i := 0; i < tile.W; i++ {
			length := int(binary.BigEndian.Uint16(data))
			entry := data[2 : 2+length]
			data = data[2+length:]
			hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, place)})
			must(err)
			if hashes[0] != tlog.RecordHash(entry) {
				log.Fatalf("entry %d is not its leaf", place)
			}
			place++
		}
		if len(data) != 0 {
			log.Fatalf("%s has bytes too many", tile.Path())
		}
	}
	return place
}

// checkProofs compares each proof with the one Go makes, and verifies it.
func checkProofs(f *folder, tree tlog.Tree, reader tlog.HashReader) (records, growths int) {
	for _, line := range strings.Split(strings.TrimSpace(read(f, "proofs")), "\n") {
		words := strings.Fields(line)
		n, err := strconv.ParseInt(words[1], 10, 64)
		must(err)
		var path []tlog.Hash
		for _, word := range words[2:] {
			hash, err := tlog.ParseHash(word)
			must(err)
			path = append(path, hash)
		}
		switch words[0] {
		case "record":
			leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
			must(err)
			must(tlog.CheckRecord(path, tree.N, tree.Hash, n, leaf[0]))
			made, err := tlog.ProveRecord(tree.N, n, reader)
			must(err)
			same(line, path, made)
			records++
		case "tree":
			old, err := tlog.TreeHash(n, reader)
			must(err)
			must(tlog.CheckTree(path, tree.N, tree.Hash, n, old))
			made, err := tlog.ProveTree(tree.N, n, reader)
			must(err)
			same(line, path, made)
			growths++
		default:
			log.Fatalf("unknown proof %q", words[0])
		}
	}
	return records, growths
}

func same(line string, ours, theirs []tlog.Hash) {
	if len(ours) != len(theirs) {
		log.Fatalf("another proof: %s", line)
	}
	for i := range ours {
		if ours[i] != theirs[i] {
			log.Fatalf("another proof: %s", line)
		}
	}
}
