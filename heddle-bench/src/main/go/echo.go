// A goroutine for each connection, a straight loop: the server that Heddle takes for its model.
//
//	echo ROLE NETWORK ADDRESS PROCESSORS BUFFER
//
// heddle.bench.peer.Role has the roles, src/main/c/wire.h what the bytes are.
package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"
)

const (
	blockBytes  = 65536
	writers     = 16
	writerBytes = 64
	deadline    = 5 * time.Second
	taskTime    = 5 * time.Millisecond
)

var bufferBytes int

func echo(conn net.Conn, deadlines bool) {
	buffer := make([]byte, bufferBytes)
	for {
		if deadlines {
			conn.SetReadDeadline(time.Now().Add(deadline))
		}
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func up(conn net.Conn) {
	buffer := make([]byte, bufferBytes)
	var total uint64
	for {
		n, err := conn.Read(buffer)
		total += uint64(n)
		if err == io.EOF {
			var count [8]byte
			binary.BigEndian.PutUint64(count[:], total)
			conn.Write(count[:])
		}
		if err != nil {
			return
		}
	}
}

func down(conn net.Conn) {
	block := make([]byte, blockBytes)
	for i := range block {
		block[i] = byte(i + i>>8)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return
	}
	for {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}

func manyWriters(conn net.Conn) {
	over := make(chan bool)
	for w := 0; w < writers; w++ {
		go func(w uint32) {
			message := make([]byte, writerBytes)
			binary.BigEndian.PutUint32(message, w)
			for number := uint32(0); ; number++ {
				binary.BigEndian.PutUint32(message[4:], number)
				for i := 8; i < writerBytes; i++ {
					message[i] = byte(w + number + uint32(i))
				}
				if _, err := conn.Write(message); err != nil {
					over <- true
					return
				}
			}
		}(uint32(w))
	}
	for w := 0; w < writers; w++ {
		<-over
	}
}

// Computes without end; with a task time it yields after each task.
func compute(task time.Duration) {
	for {
		began := time.Now()
		for task == 0 || time.Since(began) < task {
		}
		runtime.Gosched()
	}
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: echo ROLE NETWORK ADDRESS PROCESSORS BUFFER")
		os.Exit(2)
	}
	role := os.Args[1]
	processors, _ := strconv.Atoi(os.Args[4])
	runtime.GOMAXPROCS(processors)
	bufferBytes, _ = strconv.Atoi(os.Args[5])
	listener, err := net.Listen(os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	serve := map[string]func(net.Conn){
		"echo":     func(c net.Conn) { echo(c, false) },
		"deadline": func(c net.Conn) { echo(c, true) },
		"up":       up,
		"down":     down,
		"writers":  manyWriters,
		"busy":     func(c net.Conn) { echo(c, false) },
		"tasks":    func(c net.Conn) { echo(c, false) },
	}[role]
	if serve == nil && role != "relay" {
		fmt.Fprintln(os.Stderr, "echo: no role "+role)
		os.Exit(2)
	}
	for i := 0; role == "busy" && i < processors; i++ {
		go compute(0)
	}
	for i := 0; role == "tasks" && i < 2*processors; i++ {
		go compute(taskTime)
	}
	var first net.Conn
	for {
		conn, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if role == "relay" && first == nil {
			first = conn
			continue
		}
		from := first
		first = nil
		go func() {
			defer conn.Close()
			if from != nil {
				defer from.Close()
				io.Copy(conn, from)
				return
			}
			serve(conn)
		}()
	}
}
