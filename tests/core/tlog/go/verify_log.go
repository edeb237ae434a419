// Verifies a published log with Go's own packages, which know nothing of Riverloop:
//
//	verify_log FOLDER [EARLIER-CHECKPOINT]
//
// FOLDER holds checkpoint, vkey and tile/ as C2SP tlog-tiles lays them out. golang.org/x/mod/sumdb/tlog asks for
// tile/8/<L>/<N>, which is tile/<L>/<N> there.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type folder string

func (f folder) file(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
}

func (f folder) Height() int { return height }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var contents [][]byte
	for _, tile := range tiles {
		content, err := f.file("tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		contents = append(contents, content)
	}
	return contents, nil
}

// open verifies a checkpoint's signature and reads its three lines.
func open(content []byte, verifier note.Verifier) (tree tlog.Tree, err error) {
	opened, err := note.Open(content, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// entries verifies each entry of each bundle by its hash in the tree, and the last of each by a proof as well.
func entries(log folder, tree tlog.Tree, hashes tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += 1 << height {
		width := tree.N - first
		if width > 1<<height {
			width = 1 << height
		}
		found, err := bundle(log, first, width)
		if err != nil {
			return err
		}
		var places []int64
		for index := range found {
			places = append(places, tlog.StoredHashIndex(0, first+int64(index)))
		}
		signed, err := hashes.ReadHashes(places)
		if err != nil {
			return err
		}
		for index, hash := range found {
			if hash != signed[index] {
				return fmt.Errorf("entry %d is not the one that was signed", first+int64(index))
			}
		}
		last := first + width - 1
		proof, err := tlog.ProveRecord(tree.N, last, hashes)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, last, found[width-1]); err != nil {
			return err
		}
	}
	return nil
}

// bundle reads a bundle of entries and hashes each.
func bundle(log folder, first, width int64) (found []tlog.Hash, err error) {
	tile := tlog.Tile{H: height, L: -1, N: first >> height, W: int(width)}
	rest, err := log.file("tile/entries/" + strings.TrimPrefix(tile.Path(), "tile/8/data/"))
	if err != nil {
		return nil, err
	}
	for int64(len(found)) < width {
		if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
			return nil, fmt.Errorf("the bundle ends before entry %d", first+int64(len(found)))
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		found = append(found, tlog.RecordHash(rest[2:end]))
		rest = rest[end:]
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("the bundle goes on after entry %d", first+width-1)
	}
	return found, nil
}

func verify(log folder, earlier string) (tree tlog.Tree, err error) {
	vkey, err := log.file("vkey")
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(strings.TrimSuffix(string(vkey), "\n"))
	if err != nil {
		return tree, err
	}
	content, err := log.file("checkpoint")
	if err != nil {
		return tree, err
	}
	if tree, err = open(content, verifier); err != nil {
		return tree, err
	}
	hashes := tlog.TileHashReader(tree, log)
	if err = entries(log, tree, hashes); err != nil || earlier == "" {
		return tree, err
	}
	if content, err = os.ReadFile(earlier); err != nil {
		return tree, err
	}
	old, err := open(content, verifier)
	if err != nil {
		return tree, err
	}
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return tree, err
	}
	return tree, tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

func main() {
	earlier := ""
	if len(os.Args) > 2 {
		earlier = os.Args[2]
	}
	tree, err := verify(folder(os.Args[1]), earlier)
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("verified:", tree.N, tree.Hash)
}
