using System.IO.MemoryMappedFiles;

namespace Polymath.Checkpoints;

/// <summary>A file that is read through the memory map. Safe to read from several threads at once.</summary>
internal sealed class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    private MappedFile(MemoryMappedFile map)
    {
        _map = map;
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>Opens a file, lets <paramref name="readHead"/> check what it describes, and maps it.</summary>
    /// <exception cref="PolymathException">The file is missing or unreadable; or what <paramref name="readHead"/> throws.</exception>
    public static MappedFile Open<T>(string path, Func<FileStream, T> readHead, out T head)
    {
        FileStream? file = null;
        MemoryMappedFile? map = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            head = readHead(file);
            map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(map);
        }
        catch (Exception error)
        {
            map?.Dispose();
            file?.Dispose();
            if (error is FileNotFoundException or DirectoryNotFoundException)
                throw new PolymathException($"{path}: there is no such file", error);
            if (error is IOException or UnauthorizedAccessException)
                throw new PolymathException($"{path}: cannot be read ({Native.Disk.FirstLine(error)})", error);
            throw;
        }
    }

    /// <summary>Copies a stretch of the file; the caller has checked that it lies inside.</summary>
    public unsafe void CopyTo(long position, Span<byte> destination)
    {
        byte* mapped = null;
        var handle = _view.SafeMemoryMappedViewHandle;
        // Holds the mapping while copying, even where another thread disposes the file meanwhile.
        handle.AcquirePointer(ref mapped);
        try
        {
            new ReadOnlySpan<byte>(mapped + _view.PointerOffset + position, destination.Length).CopyTo(destination);
        }
        finally
        {
            handle.ReleasePointer();
        }
    }

    /// <summary>A stream over a stretch of the file; valid until the file is disposed.</summary>
    public Stream OpenBytes(long position, long length) => new UnmanagedMemoryStream(_view.SafeMemoryMappedViewHandle, position, length, FileAccess.Read);

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }
}
