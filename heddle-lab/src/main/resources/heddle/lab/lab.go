// The situations of heddle lab in Go: the same calls by the same names, written as lines of a trace (TraceLines.java), so that
// the same judges read them. Usage: lab ID CONNECTIONS SLOW
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	endOfStream = -1
	nothing     = -2
	chunk       = 65536
)

var (
	connections int
	slow        bool
	zero        = time.Now()
	out         sync.Mutex
)

func line(fields ...interface{}) {
	text := make([]string, len(fields))
	for i, field := range fields {
		text[i] = fmt.Sprint(field)
	}
	out.Lock()
	defer out.Unlock()
	fmt.Println(strings.Join(text, "\t"))
}

func fact(name string, value int) { line("fact", name, value) }

// Makes a call and writes it down.
func call(side, name string, body func() (int, string, error)) (int, error) {
	begin := time.Since(zero).Nanoseconds()
	n, text, err := body()
	end := time.Since(zero).Nanoseconds()
	message, timeout := "", false
	if err == io.EOF {
		n, text = endOfStream, ""
	} else if err != nil {
		message = err.Error()
		var known net.Error
		timeout = errors.As(err, &known) && known.Timeout()
	}
	line("call", side, name, begin, end, 0, n, text, message, timeout)
	return n, err
}

func must(err error) {
	if err != nil {
		line("failed", err)
		os.Exit(0)
	}
}

func listen(side, address string) (*net.TCPListener, error) {
	var listener net.Listener
	_, err := call(side, "listen tcp "+address, func() (int, string, error) {
		var err error
		if listener, err = net.Listen("tcp", address); err != nil {
			return nothing, "", err
		}
		return nothing, listener.Addr().String(), nil
	})
	if err != nil {
		return nil, err
	}
	return listener.(*net.TCPListener), nil
}

func dialWithin(side, name, address string, timeout time.Duration) (net.Conn, error) {
	var conn net.Conn
	_, err := call(side, name, func() (int, string, error) {
		var err error
		if conn, err = net.DialTimeout("tcp", address, timeout); err != nil {
			return nothing, "", err
		}
		return nothing, "from " + conn.LocalAddr().String(), nil
	})
	return conn, err
}

type end struct {
	side string
	conn *net.TCPConn
}

func (e end) as(side string) end { return end{side, e.conn} }

func dial(side, address string) end {
	conn, err := dialWithin(side, "dial tcp "+address, address, 0)
	must(err)
	line("conn", conn.LocalAddr().(*net.TCPAddr).Port, conn.RemoteAddr().(*net.TCPAddr).Port)
	return end{side, conn.(*net.TCPConn)}
}

func accept(side string, listener *net.TCPListener) (end, error) {
	var conn net.Conn
	_, err := call(side, "accept", func() (int, string, error) {
		var err error
		if conn, err = listener.Accept(); err != nil {
			return nothing, "", err
		}
		return nothing, "from " + conn.RemoteAddr().String(), nil
	})
	if err != nil {
		return end{}, err
	}
	return end{side, conn.(*net.TCPConn)}, nil
}

type pair struct {
	server, client end
	listener       *net.TCPListener
}

func connect() pair {
	listener, err := listen("server", "127.0.0.1:0")
	must(err)
	client := dial("client", listener.Addr().String())
	server, err := accept("server", listener)
	must(err)
	return pair{server, client, listener}
}

func printable(data []byte) string {
	if len(data) == 0 || len(data) > 24 {
		return ""
	}
	for _, b := range data {
		if b < ' ' || b > 126 {
			return ""
		}
	}
	return `"` + string(data) + `"`
}

func (e end) read(length int) ([]byte, error) {
	buffer := make([]byte, length)
	n, err := call(e.side, fmt.Sprintf("read(%d)", length), func() (int, string, error) {
		n, err := e.conn.Read(buffer)
		return n, printable(buffer[:n]), err
	})
	if n < 0 {
		n = 0
	}
	return buffer[:n], err
}

func (e end) readFully(length int) {
	call(e.side, fmt.Sprintf("readFully(%d)", length), func() (int, string, error) {
		n, err := io.ReadFull(e.conn, make([]byte, length))
		return n, "", err
	})
}

func (e end) readToEnd() {
	call(e.side, "readToEnd", func() (int, string, error) {
		n, err := io.Copy(io.Discard, e.conn)
		return int(n), "", err
	})
}

func (e end) write(data []byte) error {
	_, err := call(e.side, fmt.Sprintf("write(%d)", len(data)), func() (int, string, error) {
		n, err := e.conn.Write(data)
		return n, printable(data), err
	})
	return err
}

func (e end) text(text string) error { return e.write([]byte(text)) }

func (e end) do(name string, body func() error) {
	call(e.side, name, func() (int, string, error) { return nothing, "", body() })
}

func (e end) close()      { e.do("close", e.conn.Close) }
func (e end) closeWrite() { e.do("closeWrite", e.conn.CloseWrite) }

func (e end) readDeadline(text string, at time.Time) {
	e.do("setReadDeadline("+text+")", func() error { return e.conn.SetReadDeadline(at) })
}

func (e end) writeDeadline(text string, at time.Time) {
	e.do("setWriteDeadline("+text+")", func() error { return e.conn.SetWriteDeadline(at) })
}

func act(side, name string, body func() int) {
	call(side, name, func() (int, string, error) { return body(), "", nil })
}

// Starts a goroutine; what it gives back is closed at its end. Go does not tell when a goroutine waits: 50 ms do.
func start(body func()) chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		body()
	}()
	return done
}

func pause()      { time.Sleep(50 * time.Millisecond) }
func awaitQuiet() { time.Sleep(700 * time.Millisecond) }

func echo(conn net.Conn) int {
	buffer := make([]byte, 64)
	for count := 0; ; count++ {
		n, err := conn.Read(buffer)
		if err != nil {
			return count
		}
		if _, err = conn.Write(buffer[:n]); err != nil {
			return count
		}
	}
}

func roundTrips(conn net.Conn, count int) int {
	one := []byte{1}
	for i := 0; i < count; i++ {
		if _, err := conn.Write(one); err != nil {
			return i
		}
		if _, err := conn.Read(one); err != nil {
			return i
		}
	}
	return count
}

func s1() {
	listener, err := listen("server", "127.0.0.1:0")
	must(err)
	address := listener.Addr().String()
	served := start(func() {
		server, err := accept("server", listener)
		must(err)
		for {
			data, err := server.read(64)
			if err != nil {
				return
			}
			server.write(data)
		}
	})
	pause()
	client := dial("client", address)
	client.text("hello")
	client.read(64)

	var limit syscall.Rlimit
	must(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	count := (int(limit.Cur) - 500) / 2
	if connections < count {
		count = connections
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go echo(conn)
		}
	}()
	left, echoed := int64(count-1), int64(1)
	act("clients", "dial and echo", func() int {
		var dialers sync.WaitGroup
		for i := 0; i < 8; i++ {
			dialers.Add(1)
			go func() {
				defer dialers.Done()
				for atomic.AddInt64(&left, -1) >= 0 {
					conn, err := net.Dial("tcp", address)
					must(err)
					conn.(*net.TCPConn).SetLinger(0)
					atomic.AddInt64(&echoed, int64(roundTrips(conn, 1)))
				}
			}()
		}
		dialers.Wait()
		return int(echoed - 1)
	})
	threads, err := os.ReadDir("/proc/self/task")
	must(err)
	fact("connections", int(echoed))
	fact("wanted", connections)
	fact("descriptors", int(limit.Cur))
	fact("threads", len(threads))
	client.close()
	<-served
}

func s2() {
	taken, err := listen("server", "127.0.0.1:0")
	must(err)
	listen("second", taken.Addr().String())
}

func s3() {
	listener, err := listen("server", "127.0.0.1:0")
	must(err)
	act("server", "close", func() int { listener.Close(); return nothing })
	for _, address := range []string{listener.Addr().String(), "255.255.255.255:80"} {
		dialWithin("client", "dial tcp "+address, address, 0)
	}
}

func s4() {
	var listener net.Listener
	call("server", "listen tcp, backlog 1", func() (int, string, error) {
		var err error
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return nothing, "", err
		}
		raw, err := listener.(*net.TCPListener).SyscallConn()
		if err == nil {
			raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 1) })
		}
		return nothing, listener.Addr().String(), err
	})
	address := listener.Addr().String()
	dial("client", address)
	dial("client", address)
	patient := 3500 * time.Millisecond
	one := start(func() { dialWithin("client 1", "dial tcp "+address, address, patient) })
	time.Sleep(300 * time.Millisecond)
	two := start(func() { dialWithin("client 2", "dial tcp "+address, address, patient) })
	time.Sleep(300 * time.Millisecond)
	accept("server", listener.(*net.TCPListener))
	<-one
	<-two
	if slow {
		dialWithin("client 3", "dial tcp "+address, address, 0)
	}
}

func sockets() int {
	count := 0
	all, _ := os.ReadDir("/proc/self/fd")
	for _, one := range all {
		target, _ := os.Readlink("/proc/self/fd/" + one.Name())
		if strings.HasPrefix(target, "socket:") {
			count++
		}
	}
	return count
}

func s5() {
	_, err := listen("server", "127.0.0.1:7001")
	must(err)
	listener, err := listen("server", "127.0.0.1:7002")
	must(err)
	before := sockets()
	for i := 0; i < 10; i++ {
		dialWithin("client", "dial tcp 127.0.0.1:7001, 300 ms", "127.0.0.1:7001", 300*time.Millisecond)
	}
	fact("leaked", sockets()-before)
	dial("client", "127.0.0.1:7002")
	accept("server", listener)
}

func r1() {
	p := connect()
	readers := 2 * runtime.NumCPU()
	waiting := []chan struct{}{start(func() { p.server.read(10) })}
	clients := []end{p.client}
	for i := 1; i < readers; i++ {
		clients = append(clients, dial("client", p.listener.Addr().String()))
		server, err := accept("server", p.listener)
		must(err)
		waiting = append(waiting, start(func() { server.read(10) }))
	}
	pause()
	fact("readers", readers)
	act("others", "run 100 threads", func() int {
		var left sync.WaitGroup
		for i := 0; i < 100; i++ {
			left.Add(1)
			go left.Done()
		}
		left.Wait()
		return 100
	})
	for _, client := range clients {
		client.text("hi")
	}
	for _, reader := range waiting {
		<-reader
	}
}

func r2() {
	p := connect()
	p.client.text("hi")
	p.server.read(10)
}

func r3() {
	p := connect()
	p.client.text("0123456789abcde")
	pause()
	p.server.read(10)
	p.server.read(10)
}

func r4() {
	p := connect()
	p.server.readDeadline("50 ms", time.Now().Add(50*time.Millisecond))
	p.server.read(10)
	p.server.read(10)
	p.client.text("late")
	pause()
	p.server.read(10)
	p.server.readDeadline("none", time.Time{})
	p.server.read(10)
}

func w1() {
	p := connect()
	var enough, written int64
	writer := start(func() {
		data := make([]byte, chunk)
		for atomic.LoadInt64(&enough) == 0 && p.client.write(data) == nil {
			atomic.AddInt64(&written, 1)
		}
		p.client.closeWrite()
	})
	for round := 0; round < 3; round++ {
		awaitQuiet()
		for before := atomic.LoadInt64(&written); atomic.LoadInt64(&written) == before; {
			p.server.readFully(60000)
			time.Sleep(10 * time.Millisecond)
		}
	}
	atomic.StoreInt64(&enough, 1)
	p.server.readToEnd()
	<-writer
}

func w2() {
	p := connect()
	writer := start(func() {
		for data := make([]byte, chunk); p.client.write(data) == nil; {
		}
	})
	awaitQuiet()
	p.server.do("setLinger(0)", func() error { return p.server.conn.SetLinger(0) })
	p.server.close()
	<-writer
	p.client.text("more")
}

func w3() {
	p := connect()
	large := make([]byte, 32<<20)
	p.client.writeDeadline("10 us", time.Now().Add(10*time.Microsecond))
	p.client.write(large)
	p.client.writeDeadline("100 ms", time.Now().Add(100*time.Millisecond))
	p.client.write(large)
	p.client.text("late")
	p.client.text("late")
	reader := start(func() { p.server.readToEnd() })
	p.client.writeDeadline("none", time.Time{})
	p.client.text("now")
	p.client.closeWrite()
	<-reader
}

func c1() {
	const size = 3 << 20
	p := connect()
	var writers sync.WaitGroup
	for i := 0; i < 4; i++ {
		writer := p.client.as(fmt.Sprint("writer ", i+1))
		packet := bytes.Repeat([]byte{byte('A' + i)}, size)
		writers.Add(1)
		go func() {
			defer writers.Done()
			for n := 0; n < 3; n++ {
				writer.write(packet)
			}
		}()
	}
	torn := 0
	reader := start(func() {
		act("server", "readToEnd", func() int {
			buffer := make([]byte, 64<<10)
			at, last := 0, byte(0)
			for {
				n, err := p.server.conn.Read(buffer)
				for _, b := range buffer[:n] {
					if b != last && at%size != 0 {
						torn++
					}
					last = b
					at++
				}
				if err != nil {
					return at
				}
			}
		})
	})
	writers.Wait()
	p.client.closeWrite()
	<-reader
	fact("torn", torn)
}

func c2() {
	p := connect()
	var headers, writers sync.WaitGroup
	headers.Add(2)
	writers.Add(2)
	for i := 1; i <= 2; i++ {
		writer, id := p.client.as(fmt.Sprint("writer ", i)), i
		go func() {
			defer writers.Done()
			writer.text(fmt.Sprintf("head%d ", id))
			headers.Done()
			headers.Wait()
			writer.text(fmt.Sprintf("body%d ", id))
		}()
	}
	writers.Wait()
	pause()
	p.server.read(24)
}

func c3() {
	p := connect()
	var readers sync.WaitGroup
	var lock sync.Mutex
	var got []byte
	for i := 1; i <= 3; i++ {
		reader := p.server.as(fmt.Sprint("reader ", i))
		readers.Add(1)
		go func() {
			defer readers.Done()
			for {
				data, err := reader.read(4)
				if err != nil {
					return
				}
				lock.Lock()
				got = append(got, data...)
				lock.Unlock()
			}
		}()
	}
	pause()
	for i := 0; i < 6; i++ {
		p.client.text("world")
	}
	p.client.closeWrite()
	readers.Wait()
	want := bytes.Repeat([]byte("world"), 6)
	for _, data := range [][]byte{got, want} {
		data := data
		sort.Slice(data, func(i, j int) bool { return data[i] < data[j] })
	}
	same := 0
	if bytes.Equal(got, want) {
		same = 1
	}
	fact("as written", same)
}

func c4() {
	p := connect()
	one := start(func() { p.server.as("reader 1").read(10) })
	pause()
	two := start(func() { p.server.as("reader 2").read(10) })
	pause()
	p.server.text("out")
	p.client.read(10)
	p.client.text("in")
	select {
	case <-one:
	case <-two:
	}
	p.server.close()
	<-one
	<-two
}

func e1() {
	p := connect()
	p.client.text("last words")
	p.client.close()
	pause()
	for i := 0; i < 4; i++ {
		p.server.read(6)
	}
}

func e2() {
	p := connect()
	p.client.close()
	p.server.read(10)
}

func e3() {
	p := connect()
	p.server.close()
	p.client.read(10)
	for i := 0; i < 10 && p.client.text("hello") == nil; i++ {
		time.Sleep(20 * time.Millisecond)
	}
	p.client.text("hello")
}

func e4() {
	p := connect()
	acceptor := start(func() { accept("acceptor", p.listener) })
	reader := start(func() { p.client.as("reader").read(10) })
	writer := start(func() {
		for data := make([]byte, chunk); p.client.as("writer").write(data) == nil; {
		}
	})
	awaitQuiet()
	p.client.close()
	<-reader
	<-writer
	act("server", "close", func() int { p.listener.Close(); return nothing })
	listen("server", p.listener.Addr().String())
	<-acceptor
}

func e5() {
	p := connect()
	p.client.text("question")
	p.client.closeWrite()
	answer := start(func() { p.client.read(10) })
	pause()
	p.server.read(10)
	p.server.read(10)
	p.server.text("answer")
	<-answer
	p.client.text("more")
}

var watched = regexp.MustCompile(`(?m)^tfd: +(\d+) events: +([0-9a-f]+) `)

func look(descriptor int, when string) {
	count, edge := 0, 0
	all, _ := os.ReadDir("/proc/self/fd")
	for _, one := range all {
		if target, _ := os.Readlink("/proc/self/fd/" + one.Name()); target != "anon_inode:[eventpoll]" {
			continue
		}
		info, _ := os.ReadFile("/proc/self/fdinfo/" + one.Name())
		for _, entry := range watched.FindAllStringSubmatch(string(info), -1) {
			if fd, _ := strconv.Atoi(entry[1]); fd != descriptor {
				continue
			}
			count++
			if events, _ := strconv.ParseUint(entry[2], 16, 64); events>>31&1 == 1 {
				edge++
			}
		}
	}
	fact("registrations "+when, count)
	fact("edge-triggered "+when, edge)
}

func p1() {
	fact("epoll", 1)
	p := connect()
	raw, err := p.client.conn.SyscallConn()
	must(err)
	descriptor := 0
	must(raw.Control(func(fd uintptr) { descriptor = int(fd) }))
	server := start(func() { act("server", "echo", func() int { return echo(p.server.conn) }) })
	look(descriptor, "before")
	act("client", "round trips", func() int { return roundTrips(p.client.conn, 100) })
	look(descriptor, "after")
	p.client.closeWrite()
	<-server
}

func p5() {
	fact("hands off", 1)
	processors := runtime.NumCPU()
	fact("processors", processors)
	p := connect()
	server := start(func() { act("server", "echo", func() int { return echo(p.server.conn) }) })
	pause()
	last := time.Now().Add(1500 * time.Millisecond)
	var trips, busy, running int64
	var loops sync.WaitGroup
	for i := 1; i <= processors; i++ {
		name := fmt.Sprint("loop ", i)
		loops.Add(1)
		go func() {
			defer loops.Done()
			act(name, "compute", func() int {
				if atomic.AddInt64(&running, 1) == int64(processors) {
					atomic.StoreInt64(&busy, -atomic.LoadInt64(&trips))
				}
				for time.Now().Before(last) {
				}
				if atomic.SwapInt64(&running, -int64(processors)) == int64(processors) {
					atomic.AddInt64(&busy, atomic.LoadInt64(&trips))
				}
				return 0
			})
		}()
	}
	act("client", "round trips", func() int {
		for time.Now().Before(last) {
			atomic.AddInt64(&trips, int64(roundTrips(p.client.conn, 1)))
		}
		return int(trips)
	})
	loops.Wait()
	fact("while busy", int(busy))
	act("client", "more round trips", func() int { return roundTrips(p.client.conn, 10) })
	p.client.closeWrite()
	<-server
}

func main() {
	plays := map[string]func(){
		"S1": s1, "S2": s2, "S3": s3, "S4": s4, "S5": s5,
		"R1": r1, "R2": r2, "R3": r3, "R4": r4,
		"W1": w1, "W2": w2, "W3": w3,
		"C1": c1, "C2": c2, "C3": c3, "C4": c4,
		"E1": e1, "E2": e2, "E3": e3, "E4": e4, "E5": e5,
		"P1": p1, "P5": p5,
	}
	connections, _ = strconv.Atoi(os.Args[2])
	slow = os.Args[3] == "true"
	zero = time.Now()
	line("begin")
	fact("processors", runtime.NumCPU())
	plays[os.Args[1]]()
}
