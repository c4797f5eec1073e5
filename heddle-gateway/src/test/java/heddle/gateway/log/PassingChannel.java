package heddle.gateway.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/** A file as it is, of which a test changes what it wants to. */
class PassingChannel extends FileChannel {
    private final FileChannel to;

    PassingChannel(FileChannel to) {
        this.to = to;
    }

    @Override
    public int read(ByteBuffer bytes) throws IOException {
        return to.read(bytes);
    }

    @Override
    public long read(ByteBuffer[] bytes, int offset, int length) throws IOException {
        return to.read(bytes, offset, length);
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
        return to.write(bytes);
    }

    @Override
    public long write(ByteBuffer[] bytes, int offset, int length) throws IOException {
        return to.write(bytes, offset, length);
    }

    @Override
    public long position() throws IOException {
        return to.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
        to.position(position);
        return this;
    }

    @Override
    public long size() throws IOException {
        return to.size();
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        to.truncate(size);
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        to.force(metaData);
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        return to.transferTo(position, count, target);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) throws IOException {
        return to.transferFrom(source, position, count);
    }

    @Override
    public int read(ByteBuffer bytes, long position) throws IOException {
        return to.read(bytes, position);
    }

    @Override
    public int write(ByteBuffer bytes, long position) throws IOException {
        return to.write(bytes, position);
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        return to.map(mode, position, size);
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return to.lock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return to.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        to.close();
    }
}
