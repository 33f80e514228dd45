using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Text;

namespace Polymath.Native;

/// <summary>
/// Makes libtorch load where the system's libstdc++ is older than the TorchSharp package wants (Debian 12, Ubuntu 22.04).
/// The package's <c>libLibTorchSharp.so</c> lists GLIBCXX_3.4.31 to 3.4.33 as needed versions although it runs without the few symbols
/// behind them. A copy with these needs marked weak (ELF <c>VER_FLG_WEAK</c>) loads; the package's own file is never touched.
/// On systems where normal loading works the hook is never called.
/// </summary>
internal static class TorchLoader
{
    private const string Library = "LibTorchSharp";

    /// <summary>Hooks in before the first use of torch: runs when anything of this assembly is first touched.</summary>
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "The hook must be in place before TorchSharp's static constructor, whichever of our types is touched first.")]
    internal static void Install()
    {
        ThreadSettings.ApplyWaitPolicy();
        if (!OperatingSystem.IsLinux()) return;
        AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => name == Library ? LoadWeakened() : 0;
    }

    private static nint LoadWeakened()
    {
        foreach (var folder in CandidateFolders())
        {
            var original = Path.Combine(folder, "libLibTorchSharp.so");
            if (!File.Exists(original)) continue;
            var image = File.ReadAllBytes(original);
            if (Weaken(image) == 0) continue;
            if (TryLoadBeside(folder, image, out var handle) || TryLoadElsewhere(folder, image, out handle)) return handle;
        }
        return 0;
    }

    private static IEnumerable<string> CandidateFolders()
    {
        var home = AppContext.BaseDirectory;
        var assembly = Path.GetDirectoryName(typeof(TorchLoader).Assembly.Location);
        foreach (var root in new[] { home, assembly }.Where(root => !string.IsNullOrEmpty(root)).Distinct())
        {
            yield return root!;
            yield return Path.Combine(root!, "runtimes", "linux-x64", "native");
        }
        // With native assets left in the package cache the host lists their folders here.
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string listed)
            foreach (var folder in listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)) yield return folder;
    }

    private static bool TryLoadBeside(string folder, byte[] image, out nint handle)
    {
        handle = 0;
        var weak = Path.Combine(folder, "libLibTorchSharp.weak.so");
        try
        {
            if (!File.Exists(weak) || new FileInfo(weak).Length != image.Length) WriteAside(weak, image);
            return NativeLibrary.TryLoad(weak, out handle);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { return false; }
    }

    /// <summary>The folder is read-only: the copy goes to a temporary folder, so <c>$ORIGIN</c> no longer finds libtorch; load that first.</summary>
    private static bool TryLoadElsewhere(string folder, byte[] image, out nint handle)
    {
        handle = 0;
        var aside = Directory.CreateTempSubdirectory("polymath-");
        try
        {
            foreach (var needed in new[] { "libc10.so", "libtorch_cpu.so", "libtorch.so" })
                if (!TryLoadAnywhere(folder, needed)) return false;
            var weak = Path.Combine(aside.FullName, "libLibTorchSharp.weak.so");
            File.WriteAllBytes(weak, image);
            return NativeLibrary.TryLoad(weak, out handle);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException) { return false; }
        finally
        {
            try { aside.Delete(recursive: true); } catch (IOException) { } // a loaded file may be unlinked on Linux
        }
    }

    private static bool TryLoadAnywhere(string folder, string file) =>
        CandidateFolders().Prepend(folder).Any(candidate => NativeLibrary.TryLoad(Path.Combine(candidate, file), out _));

    private static void WriteAside(string path, byte[] bytes)
    {
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(temporary, bytes);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>
    /// Marks every need for a GLIBCXX version from 3.4.31 on as weak in an ELF64 image and returns how many were marked.
    /// Structures: <c>Elf64_Ehdr</c>, <c>Elf64_Shdr</c> of type SHT_GNU_verneed, <c>Elf64_Verneed</c>, <c>Elf64_Vernaux</c> (System V gABI and LSB).
    /// </summary>
    internal static int Weaken(Span<byte> image)
    {
        const uint versionNeeds = 0x6ffffffe;
        const ushort weak = 2;
        if (image.Length < 64 || !image[..6].SequenceEqual("\u007fELF\u0002\u0001"u8)) return 0;
        var marked = 0;
        var sections = ReadOffset(image, 40);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(image[58..]), count = BinaryPrimitives.ReadUInt16LittleEndian(image[60..]);
        for (var s = 0; s < count; s++)
        {
            var header = image.Slice(sections + s * size, size);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != versionNeeds) continue;
            var names = ReadOffset(image.Slice(sections + (int)BinaryPrimitives.ReadUInt32LittleEndian(header[40..]) * size, size), 24);
            for (int need = ReadOffset(header, 24), next; ; need += next)
            {
                var entries = BinaryPrimitives.ReadUInt16LittleEndian(image[(need + 2)..]);
                var auxiliary = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 8)..]);
                for (var e = 0; e < entries; e++)
                {
                    var name = CString(image, names + (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(auxiliary + 8)..]));
                    if (name.StartsWith("GLIBCXX_3.4.", StringComparison.Ordinal) && int.TryParse(name.AsSpan(12), out var minor) && minor >= 31)
                    {
                        BinaryPrimitives.WriteUInt16LittleEndian(image[(auxiliary + 4)..], weak);
                        marked++;
                    }
                    auxiliary += (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(auxiliary + 12)..]);
                }
                next = (int)BinaryPrimitives.ReadUInt32LittleEndian(image[(need + 12)..]);
                if (next == 0) break;
            }
        }
        return marked;
    }

    private static int ReadOffset(ReadOnlySpan<byte> bytes, int at) => (int)BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private static string CString(ReadOnlySpan<byte> image, int at) =>
        Encoding.ASCII.GetString(image.Slice(at, image[at..].IndexOf((byte)0)));
}
