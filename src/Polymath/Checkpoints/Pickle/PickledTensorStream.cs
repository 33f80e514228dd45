namespace Polymath.Checkpoints.Pickle;

/// <summary>The bytes of a tensor whose elements do not lie one after another, as if they did.</summary>
internal sealed class PickledTensorStream(MappedFile file, PickledTensor tensor) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => tensor.Info.ByteLength;

    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    public override int Read(Span<byte> buffer)
    {
        int length = (int)Math.Clamp(Length - _position, 0, buffer.Length);
        tensor.Copy(file, Math.Min(_position, Length), buffer[..length]);
        _position += length;
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) =>
        Position = offset + origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => _position, _ => Length };

    public override void Flush() { }

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
